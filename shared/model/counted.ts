const integers = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** A count with its noun, as plans, findings and the CLI say it: `1 index`, `12,040 indexes`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${integers.format(count)} ${count === 1 ? one : many}`;
}
