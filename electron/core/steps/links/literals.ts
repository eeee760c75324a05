/**
 * The text form of a PostgreSQL array with every element put through `change`, which also gets those of inner arrays; NULLs and bounds
 * stay. Answers as the server writes it, so unchanged elements keep their spelling.
 */
export function rewriteArray(literal: string, change: (element: string) => string): string {
  const body = literal.indexOf('{');
  let result = literal.slice(0, body);
  let at = body;
  while (at < literal.length) {
    const character = literal[at] ?? '';
    if (character === '{' || character === '}' || character === ',') {
      result += character;
      at += 1;
      continue;
    }
    if (character === '"') {
      const { token, value } = quotedAt(literal, at);
      result += rewritten(token, value, change, quoteElement);
      at += token.length;
      continue;
    }
    const token = literal.slice(at, nextOf(literal, at, ',{}'));
    result += token.toUpperCase() === 'NULL' ? token : rewritten(token, token, change, quoteElement);
    at += token.length;
  }
  return result;
}

/** The text form of a composite value with each of its fields put through `change`; NULLs stay. */
export function rewriteRecord(literal: string, change: (field: string, index: number) => string): string {
  let result = '(';
  let at = 1;
  let index = 0;
  while (at < literal.length) {
    const character = literal[at] ?? '';
    if (character === ',' || character === ')') {
      result += character;
      at += 1;
      index += 1;
      continue;
    }
    const field = index;
    const own = (value: string): string => change(value, field);
    if (character === '"') {
      const { token, value } = quotedAt(literal, at);
      result += rewritten(token, value, own, quoteField);
      at += token.length;
      continue;
    }
    const token = literal.slice(at, nextOf(literal, at, ',)'));
    result += rewritten(token, token, own, quoteField);
    at += token.length;
  }
  return result;
}

function rewritten(
  token: string,
  value: string,
  change: (value: string) => string,
  quote: (value: string) => string,
): string {
  const changed = change(value);
  return changed === value ? token : quote(changed);
}

function nextOf(literal: string, from: number, ends: string): number {
  for (let at = from; at < literal.length; at += 1) if (ends.includes(literal[at] ?? '')) return at;
  return literal.length;
}

/** A quoted token and what it stands for: a backslash quotes what follows, and in records a doubled quote is one. */
function quotedAt(literal: string, from: number): { token: string; value: string } {
  let value = '';
  for (let at = from + 1; at < literal.length; at += 1) {
    const character = literal[at] ?? '';
    const next = literal[at + 1] ?? '';
    if (character === '\\' || (character === '"' && next === '"')) {
      value += next;
      at += 1;
    } else if (character === '"') {
      return { token: literal.slice(from, at + 1), value };
    } else {
      value += character;
    }
  }
  return { token: literal.slice(from), value };
}

function quoteElement(value: string): string {
  const plain = value !== '' && value.toUpperCase() !== 'NULL' && !/["\\{}, \t\n\r\v\f]/.test(value);
  return plain ? value : `"${value.replace(/["\\]/g, '\\$&')}"`;
}

function quoteField(value: string): string {
  const plain = value !== '' && !/["\\(), \t\n\r\v\f]/.test(value);
  return plain ? value : `"${value.replace(/["\\]/g, '$&$&')}"`;
}
