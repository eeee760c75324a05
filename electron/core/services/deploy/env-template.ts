import { AppError } from '#shared/model/errors';

/** One variable of `.env.production.example`. */
export interface TemplateVariable {
  name: string;
  group: string;
  explanation: string;
  /** The value that stands in the template; empty means that one has to be given, unless it is optional. */
  preset: string;
  secret: boolean;
  optional: boolean;
}

const marks = ['secret', 'optional', 'compose', 'build'] as const;
const markPattern = new RegExp(` ?\\[(${marks.join('|')})\\]`, 'g');

/**
 * Reads the template: `# == Group ==`, one line of explanation with its marks, `NAME=preset`. Throws `INVALID_INPUT`, naming the line,
 * for whatever is not of this form.
 */
export function readEnvTemplate(text: string): TemplateVariable[] {
  const variables: TemplateVariable[] = [];
  let group = '';
  let comment = '';
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    const heading = /^# == (.+) ==$/.exec(line)?.[1];
    const [, name, preset = ''] = /^([A-Z][A-Z0-9_]*)=(.*)$/.exec(line) ?? [];
    if (heading !== undefined) group = heading;
    else if (line.startsWith('#')) comment = line.replace(/^#\s*/, '');
    else if (name !== undefined && comment !== '') {
      const found = new Set([...comment.matchAll(markPattern)].map((match) => match[1]));
      variables.push({
        name,
        group,
        explanation: comment.replace(markPattern, '').trim(),
        preset,
        secret: found.has('secret'),
        optional: found.has('optional'),
      });
      comment = '';
    } else if (line !== '') {
      throw new AppError('INVALID_INPUT', `Line ${index + 1} of the environment template can’t be read.`, {
        hint: 'Each variable is one line NAME=value under one line of explanation that starts with #.',
      });
    }
  }
  return variables;
}
