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
