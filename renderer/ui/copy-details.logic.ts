import type { ErrorShape } from '#shared/model/errors';

/** Everything known of a failure as plain text, for a ticket or a chat. Errors are redacted before they reach the page. */
export function errorDetails(error: ErrorShape): string {
  const lines = [`${error.code}: ${error.message}`];
  if (error.hint !== undefined) lines.push(`Hint: ${error.hint}`);
  if (error.step !== undefined) lines.push(`Step: ${error.step}`);
  if (error.unit !== undefined) lines.push(`Unit: ${error.unit}`);
  for (const [name, value] of Object.entries(error.details ?? {})) lines.push(`${name}: ${value}`);
  if (error.cause !== undefined) lines.push(`Caused by ${errorDetails(error.cause)}`);
  return lines.join('\n');
}
