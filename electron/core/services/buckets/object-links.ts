/** Where the public finds an object under a base address: every byte but the unreserved ones is encoded, slashes stay. */
export function publicLink(base: string, key: string): string {
  return `${base.replace(/\/+$/, '')}/${encodedPath(key)}`;
}

function encodedPath(key: string): string {
  return key
    .split('/')
    .map((part) =>
      // Half a surrogate pair can't stand in a key, so this never throws.
      encodeURIComponent(part).replace(
        /[!'()*]/g,
        (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
      ),
    )
    .join('/');
}
