const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const oneDigit = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Bytes in decimal units, as page, CLI and plans show them: `64 B`, `8.2 kB`, `97.2 MB`, `512 GB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? integers.format(value) : oneDigit.format(value)} ${units[unit] ?? 'B'}`;
}
