import { parse } from 'dotenv';
import { interpolate } from './interpolate';
import { type Found, type ImportedSettings, settingsInVariables, withMissing } from './imported-settings';

/** Reads an `.env` file: Cutover's own names, and those that applications use. Never throws. */
export function importEnv(text: string): ImportedSettings {
  const raw = parse(text);
  const variables = new Map<string, Found>();
  const unresolved: ImportedSettings['ignored'] = [];
  for (const [name, value] of Object.entries(raw)) {
    const resolved = resolve(name, value, raw);
    if (resolved === undefined) {
      unresolved.push({ name, reason: 'It refers to a variable that the file does not define.' });
    } else {
      variables.set(name, { value: resolved, from: name });
    }
  }
  const imported = settingsInVariables(variables);
  return withMissing(
    { ...imported, ignored: [...imported.ignored, ...unresolved, ...unreadLines(text, raw)] },
    'The file holds no variable for it.',
  );
}

/** Only `${NAME}` is taken as a reference: a bare `$` is common in passwords. */
function resolve(name: string, value: string, raw: Readonly<Record<string, string>>): string | undefined {
  if (!/\$\{[A-Za-z_]\w*(?::?[-+?][^}]*)?\}/.test(value)) return value;
  const { value: resolved, unknown } = interpolate(value.replace(/\$(?!\{)/g, '$$$$'), (other) =>
    other === name ? undefined : raw[other],
  );
  return unknown.length === 0 ? resolved : undefined;
}

/** Lines that look like an assignment and gave no variable; told by number, because a line may hold a secret. */
function unreadLines(text: string, raw: Readonly<Record<string, string>>): ImportedSettings['ignored'] {
  return text.split(/\r\n|\n|\r/).flatMap((line, index) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_][\w.-]*)\s*=/.exec(line)?.[1];
    if (name !== undefined || !/^\s*(?:export\s+)?[A-Za-z_][\w.-]*\s*$/.test(line)) return [];
    return Object.values(raw).some((value) => value.includes('\n') && value.includes(line.trim()))
      ? []
      : [{ name: `line ${index + 1}`, reason: 'It is not of the form NAME=value.' }];
  });
}
