import { expect } from 'vitest';

/** Every secret among the variables of a run: keys, passwords, and the passwords inside connection URLs. */
function secretsOf(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (/SECRET|PASSWORD/.test(name)) return [value];
    return name === 'SOURCE_DATABASE_URL' || name === 'SUPABASE_DB_URL'
      ? [decodeURIComponent(new URL(value).password)]
      : [];
  });
}

/** Fails when a text holds one of the secrets among the variables. */
export function expectNoSecret(text: string, values: Readonly<Record<string, string>>): void {
  for (const secret of secretsOf(values)) expect(text.includes(secret), 'a secret in the text').toBe(false);
}
