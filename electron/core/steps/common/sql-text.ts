/** A name as SQL reads it back exactly. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A string constant; backslashes stand for themselves (`standard_conforming_strings` is on everywhere). */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name with its schema. */
export function qualified(object: { readonly schema: string; readonly name: string }): string {
  return `${quoteName(object.schema)}.${quoteName(object.name)}`;
}

/** A text as a regular expression that means itself. */
export const forRegExp = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');

/** A name as a regular expression for how SQL writes it, with or without quotes. */
export function namePattern(name: string): string {
  const quoted = forRegExp(quoteName(name));
  return /^[a-z_][a-z0-9_$]*$/.test(name) ? `(?:${forRegExp(name)}|${quoted})` : quoted;
}
