/** Tokens of a JSON text that hold a string, and whatever may follow one. */
const strings = /"(?:[^"\\]|\\.)*"(\s*:)?/gs;

/**
 * The JSON text with every string value put through `change`: what is no string value (keys, numbers, blanks, the order, members that
 * occur twice) stays as it is, byte for byte. The text must be valid JSON.
 */
export function rewriteJson(json: string, change: (text: string) => string): string {
  return json.replace(strings, (token, key: string | undefined) => {
    if (key !== undefined) return token;
    const value: unknown = JSON.parse(token);
    if (typeof value !== 'string') return token;
    const changed = change(value);
    if (changed === value) return token;
    // Keeps the escapes of the rest of the string where that says the same.
    const inPlace = `"${change(token.slice(1, -1))}"`;
    return says(inPlace) === changed ? inPlace : JSON.stringify(changed);
  });
}

function says(token: string): unknown {
  try {
    return JSON.parse(token);
  } catch {
    return undefined;
  }
}
