/** The pages, with the key that opens each. */
export const pages = [
  { to: '/', label: 'Overview', key: '1' },
  { to: '/migration', label: 'Migration', key: '2' },
  { to: '/users', label: 'Users', key: '3' },
  { to: '/buckets', label: 'Buckets', key: '4' },
  { to: '/health', label: 'Health', key: '5' },
  { to: '/deploy', label: 'Deploy', key: '6' },
  { to: '/activity', label: 'Activity', key: '7' },
  { to: '/connections', label: 'Connections', key: ',' },
] as const;

/** Pages that others lead to; the command palette opens them too. */
export const subPages = [
  { to: '/migration/links', label: 'Links in rows' },
  { to: '/migration/access', label: 'Public access and CORS' },
  { to: '/migration/schema', label: 'Schema of the database' },
  { to: '/migration/exposure', label: 'Exposure of the database' },
  { to: '/health/load', label: 'Load check' },
] as const;
