const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A whole number with thousands separators, the same in every locale. */
export function count(value: number): string {
  return integers.format(value);
}

/** A count with its noun, as plans, findings and the CLI say it: `1 index`, `12,040 indexes`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}
