/** White space and then one token of JSON, or nothing. */
const token =
  /[ \t\n\r]*([{}[\],:]|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)?/uy;

type Wanted = 'value' | 'value or ]' | 'key or }' | 'key' | 'colon' | 'comma' | 'end';

const wording: Record<Wanted, string> = {
  value: 'a value',
  'value or ]': 'a value or ]',
  'key or }': 'a key in double quotes, or }',
  key: 'a key in double quotes',
  colon: 'a colon',
  comma: 'a comma or the closing bracket',
  end: 'nothing more',
};

/**
 * Where a text stops being JSON and what would have to stand there; undefined when it is JSON. Browsers tell the place in words of their own,
 * or not at all.
 */
export function jsonProblem(text: string): string | undefined {
  const open: ('{' | '[')[] = [];
  let wanted: Wanted = 'value';
  let at = 0;
  for (;;) {
    token.lastIndex = at;
    const [all = '', found] = token.exec(text) ?? [];
    const start = at + all.length - (found?.length ?? 0);
    const problem = (): string => `${placeOf(text, start)}: expected ${wording[wanted]}.`;
    if (found === undefined) return wanted === 'end' && start === text.length ? undefined : problem();
    at = start + found.length;
    const next = after(wanted, found, open);
    if (next === undefined) return problem();
    wanted = next;
  }
}

/** What may come after a token; undefined when the token may not stand here. `open` follows the brackets. */
function after(wanted: Wanted, found: string, open: ('{' | '[')[]): Wanted | undefined {
  const ended = (): Wanted => (open.length === 0 ? 'end' : 'comma');
  const innermost = open.at(-1);
  const closes = found === (innermost === '{' ? '}' : ']');
  switch (wanted) {
    case 'value':
    case 'value or ]':
      if (found === '{' || found === '[') {
        open.push(found);
        return found === '{' ? 'key or }' : 'value or ]';
      }
      if (wanted === 'value or ]' && found === ']') {
        open.pop();
        return ended();
      }
      return /^[}\],:]$/.test(found) ? undefined : ended();
    case 'key':
    case 'key or }':
      if (wanted === 'key or }' && found === '}') {
        open.pop();
        return ended();
      }
      return found.startsWith('"') ? 'colon' : undefined;
    case 'colon':
      return found === ':' ? 'value' : undefined;
    case 'comma':
      if (found === ',') return innermost === '{' ? 'key' : 'value';
      if (!closes) return undefined;
      open.pop();
      return ended();
    case 'end':
      return undefined;
  }
}

function placeOf(text: string, offset: number): string {
  const before = text.slice(0, offset).split('\n');
  return `Line ${before.length}, column ${(before.at(-1) ?? '').length + 1}`;
}
