/** What some file system refuses in a name or takes for something else; direction marks would show another ending than the real one. */
// eslint-disable-next-line no-control-regex
const refused = /[\u0000-\u001f\u007f-\u009f<>:"|?*\\\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;
/** Names of devices on Windows, with any ending. */
const devices = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)/i;
/** Bytes of one name that every file system takes. */
const longestName = 240;

/**
 * Makes the function that gives keys of a bucket relative paths for files: with forward slashes, never leading out of the folder
 * that they are put into, valid on every system, and no two alike in a file system that ignores case and normal forms.
 * Undefined for a key that only marks a folder.
 */
export function createSafePaths(): (key: string) => string | undefined {
  const folders = new Map<string, string>([['', '']]);
  const taken = new Set<string>();

  const claim = (folder: string, name: string): string => {
    for (let count = 1; ; count += 1) {
      const path = `${folder}${count === 1 ? name : numbered(name, count)}`;
      const identity = path.normalize('NFC').toLowerCase();
      if (taken.has(identity)) continue;
      taken.add(identity);
      return path;
    }
  };
  const folderOf = (original: string): string => {
    const known = folders.get(original);
    if (known !== undefined) return known;
    const cut = original.slice(0, -1).lastIndexOf('/') + 1;
    const path = `${claim(folderOf(original.slice(0, cut)), safeName(original.slice(cut, -1)))}/`;
    folders.set(original, path);
    return path;
  };

  return (key) => {
    const cut = key.lastIndexOf('/') + 1;
    if (cut === key.length) return undefined;
    return claim(folderOf(key.slice(0, cut)), safeName(key.slice(cut)));
  };
}

function safeName(segment: string): string {
  const plain = Buffer.from(segment)
    .toString()
    .replace(refused, '_')
    .replace(/[. ]+$/, (end) => '_'.repeat(end.length));
  if (plain === '') return '_';
  const named = devices.test(plain) ? `_${plain}` : plain;
  return Buffer.byteLength(named) <= longestName ? named : shortened(named);
}

/** Cuts the middle out of a name, so that its ending stays. */
function shortened(name: string): string {
  const ending = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? '';
  let stem = '';
  let bytes = Buffer.byteLength(ending);
  for (const character of name.slice(0, name.length - ending.length)) {
    bytes += Buffer.byteLength(character);
    if (bytes > longestName) break;
    stem += character;
  }
  return `${stem}${ending}`;
}

function numbered(name: string, count: number): string {
  const dot = name.lastIndexOf('.');
  return dot < 1 ? `${name} (${count})` : `${name.slice(0, dot)} (${count})${name.slice(dot)}`;
}
