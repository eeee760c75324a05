/** Packages that only the old login and the old storage needed, with the module that is imported of each. */
const retired: Readonly<Record<string, string>> = {
  bcrypt: 'bcrypt',
  minio: 'minio',
  passlib: 'passlib',
  'python-jose': 'jose',
};

/** A package's name as the index knows it: `Python_JOSE[x]` is `python-jose`. */
const nameOf = (line: string): string =>
  (/^[A-Za-z0-9._-]+/.exec(line.trim())?.[0] ?? '').toLowerCase().replaceAll(/[._-]+/g, '-');

/**
 * The template's pinned packages, then the application's own: those that the template pins itself are left out, and so are those of the old
 * login and storage that no file imports any more.
 */
export function mergeRequirements(own: string, pinned: string, imported: ReadonlySet<string>): string {
  const known = new Set(pinned.split('\n').map(nameOf));
  const others = own.split('\n').filter((line) => {
    const name = nameOf(line.replace(/#.*/, ''));
    if (name === '' || known.has(name)) return false;
    const module = retired[name];
    return module === undefined || imported.has(module);
  });
  if (others.length === 0) return pinned;
  return `${pinned.trimEnd()}\n# The application's own\n${others.map((line) => line.trim()).join('\n')}\n`;
}
