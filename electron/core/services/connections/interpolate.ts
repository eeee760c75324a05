export interface Interpolated {
  value: string;
  /** Variables that have no value and no default. */
  unknown: string[];
}

/**
 * Replaces variables as Compose does: `$NAME`, `${NAME}`, `${NAME:-default}`, `${NAME-default}`, `${NAME:+other}`, `${NAME+other}`,
 * `${NAME:?message}`, nested, and `$$` for a dollar sign.
 */
export function interpolate(text: string, lookup: (name: string) => string | undefined): Interpolated {
  const unknown: string[] = [];
  const known = (name: string): string => {
    const value = lookup(name);
    if (value === undefined) unknown.push(name);
    return value ?? '';
  };
  const replaced = replaceFrom(text, 0, false, (name, operator, argument) => {
    const value = lookup(name);
    const present = value !== undefined && (!operator.startsWith(':') || value !== '');
    if (operator.endsWith('-')) return present ? value : argument();
    if (operator.endsWith('+')) return present ? argument() : '';
    return present ? value : known(name);
  });
  return { value: replaced.text, unknown: [...new Set(unknown)] };
}

type Substitute = (name: string, operator: string, argument: () => string) => string;

/** Walks the text once; inside braces it stops at the closing one and says where. */
function replaceFrom(
  text: string,
  start: number,
  inBraces: boolean,
  substitute: Substitute,
): { text: string; end: number } {
  let out = '';
  let at = start;
  while (at < text.length) {
    const char = text[at];
    if (inBraces && char === '}') return { text: out, end: at };
    if (char !== '$') {
      out += char ?? '';
      at += 1;
      continue;
    }
    const rest = text.slice(at + 1, at + 400);
    const plain = /^[A-Za-z_]\w*/.exec(rest)?.[0];
    const braced = /^\{([A-Za-z_]\w*)(:?[-+?])?/.exec(rest);
    if (rest.startsWith('$')) {
      out += '$';
      at += 2;
    } else if (plain !== undefined) {
      out += substitute(plain, '', () => '');
      at += 1 + plain.length;
    } else if (braced !== null) {
      const [opening, name = '', operator = ''] = braced;
      const from = at + 1 + opening.length;
      // Found without substituting, so that a default that is not needed names no unknown variable.
      const { end } = replaceFrom(text, from, true, () => '');
      out += substitute(name, operator, () => replaceFrom(text.slice(from, end), 0, false, substitute).text);
      at = end + 1;
    } else {
      out += '$';
      at += 1;
    }
  }
  return { text: out, end: at };
}
