/** Places that the page links to. Anything else is not opened, whatever the page asks for. */
const allowedHosts: ReadonlySet<string> = new Set([
  'supabase.com',
  'developers.cloudflare.com',
  'dash.cloudflare.com',
  'easypanel.io',
  'www.postgresql.org',
]);

/** Whether a link may be handed to the system's browser: https, an allowed host, its usual port and no credentials. */
export function isAllowedLink(link: string): boolean {
  if (!URL.canParse(link)) return false;
  const { protocol, host, username, password } = new URL(link);
  return protocol === 'https:' && allowedHosts.has(host) && username === '' && password === '';
}
