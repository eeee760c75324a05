import { counted } from '#shared/model/counted';
import type { Warning } from '#shared/model/run';
import type { ObjectEntry } from '../../ports/objects';

const maxKeyBytes = 1024;
const maxObjectBytes = 4.995 * 1024 ** 4;
const examplesKept = 3;
const proven = /^[0-9a-f]{32}(-\d+)?$/;

export interface KeyFinding extends Warning {
  severity: 'info' | 'warning' | 'blocker';
}

type Rule = Omit<KeyFinding, 'message'> & {
  says: (count: string) => string;
  matches: (entry: ObjectEntry) => boolean;
};

function hasControlCharacter(text: string): boolean {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}

const rules: readonly Rule[] = [
  {
    code: 'KEY_TOO_LONG',
    severity: 'blocker',
    says: (count) => `${count} longer than 1,024 bytes, which R2 refuses`,
    hint: 'Rename them on the source before the run.',
    matches: ({ key }) => Buffer.byteLength(key) > maxKeyBytes,
  },
  {
    code: 'OBJECT_TOO_LARGE',
    severity: 'blocker',
    says: (count) => `${count} for an object over 4.995 TiB, which R2 refuses`,
    hint: 'Split them on the source before the run.',
    matches: ({ size }) => size > maxObjectBytes,
  },
  {
    code: 'KEY_CONTROL_CHARACTER',
    severity: 'warning',
    says: (count) => `${count} with a control character`,
    hint: 'They are copied as they are; many clients cannot show or fetch them.',
    matches: ({ key }) => hasControlCharacter(key),
  },
  {
    code: 'KEY_FOLDED_BY_BROWSERS',
    severity: 'warning',
    says: (count) => `${count} with a doubled slash, a leading slash or a dot segment`,
    hint: 'They are copied as they are, but browsers and proxies rewrite such paths: a public address may not reach them.',
    matches: ({ key }) => /^\/|\/\/|(^|\/)\.{1,2}(\/|$)/.test(key),
  },
  {
    code: 'ETAG_PROVES_NOTHING',
    severity: 'info',
    says: (count) => `${count} whose ETag is no checksum`,
    hint: 'They are proven by reading both sides in full, which takes longer.',
    matches: ({ etag }) => !proven.test(etag),
  },
];

export interface KeyFindings {
  visit: (entry: ObjectEntry) => void;
  findings: () => KeyFinding[];
}

/** Collects what will need attention from the entries of one bucket, in constant memory but for keys that are not plain ASCII. */
export function createKeyFindings(bucket: string): KeyFindings {
  const hits = rules.map((rule) => ({ rule, count: 0, examples: new Array<string>() }));
  const normalised = new Map<string, string>();
  const colliding: string[] = [];
  return {
    visit: (entry) => {
      for (const hit of hits) {
        if (!hit.rule.matches(entry)) continue;
        hit.count += 1;
        if (hit.examples.length < examplesKept) hit.examples.push(entry.key);
      }
      const form = entry.key.normalize('NFC');
      if (!/[^\p{ASCII}]/u.test(form)) return;
      const other = normalised.get(form);
      if (other === undefined) normalised.set(form, entry.key);
      else colliding.push(entry.key);
    },
    findings: () => [
      ...hits
        .filter(({ count }) => count > 0)
        .map(({ rule, count, examples }): KeyFinding => ({
          code: rule.code,
          severity: rule.severity,
          message: `${bucket}: ${rule.says(counted(count, 'key'))}, such as ${examples.map(shown).join(', ')}.`,
          hint: rule.hint,
        })),
      ...(colliding.length === 0
        ? []
        : [
            {
              code: 'KEYS_COLLIDE_IN_UNICODE',
              severity: 'warning' as const,
              message: `${bucket}: ${colliding.length} of the keys look like another key but have other bytes, such as ${colliding.slice(0, examplesKept).map(shown).join(', ')}.`,
              hint: 'They stay apart on R2. A client that normalises text reaches only one of each pair.',
            },
          ]),
    ],
  };
}

const longest = 80;

/** A key as a sentence can hold it. */
export function shown(key: string): string {
  return JSON.stringify(key.length > longest ? `${key.slice(0, longest)}…` : key);
}
