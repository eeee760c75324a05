import { isScalar, parseDocument, Scalar, visit } from 'yaml';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { interpolate } from '../connections/interpolate';

const refused = (message: string, hint: string): AppError => new AppError('INVALID_INPUT', message, { hint });

/**
 * The Compose file with the values in the place of its variables. Values are put into parsed text, so that none can change the file's
 * structure. Throws `SETTING_MISSING` for variables without value and default, `INVALID_INPUT` for a file that is no YAML.
 */
export function fillCompose(text: string, values: ReadonlyMap<string, string>): string {
  const document = parseDocument(text);
  const [problem] = document.errors;
  if (problem !== undefined)
    throw refused('The Compose template is not valid YAML.', `${problem.code}: ${problem.message}`);
  const missing = new Set<string>();
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value !== 'string' || !node.value.includes('$')) return;
      const { value, unknown } = interpolate(node.value, (name) => {
        const given = values.get(name);
        return given === '' ? undefined : given;
      });
      for (const name of unknown) missing.add(name);
      const number = node.type === Scalar.PLAIN && /^\d{1,9}$/.test(value);
      // The target's engine replaces variables once more.
      node.value = number ? Number(value) : value.replaceAll('$', '$$$$');
      if (!number && isScalar(node)) node.type = Scalar.QUOTE_SINGLE;
    },
  });
  if (missing.size > 0) {
    const names = [...missing].join(', ');
    throw new AppError('SETTING_MISSING', `${names} has no value, and the Compose file needs it.`, {
      hint: 'Give it with --set NAME=VALUE or in the file named by --values.',
      details: { settings: names },
    });
  }
  return document.toString({ lineWidth: 0 });
}

const updateSchema = z.looseObject({
  order: z.enum(['start-first', 'stop-first']),
  failure_action: z.literal('rollback'),
});
const limitsSchema = z.looseObject({ cpus: z.string().min(1), memory: z.string().min(1) });

/** What every service of a release has to have, besides what the engine itself asks for. */
const serviceSchema = z.looseObject({
  image: z.string(),
  healthcheck: z.looseObject({ test: z.array(z.string()).min(2) }),
  stop_grace_period: z.string(),
  logging: z.looseObject({ options: z.looseObject({ 'max-size': z.string(), 'max-file': z.string() }) }),
  deploy: z.looseObject({
    replicas: z.number().int().min(0),
    update_config: updateSchema,
    rollback_config: z.looseObject({}),
    restart_policy: z.looseObject({ condition: z.string() }),
    resources: z.looseObject({ limits: limitsSchema }),
  }),
});
const fileSchema = z.looseObject({ services: z.record(z.string(), serviceSchema) });

/** Things that break a rollout without a gap, or put a secret where it does not belong. */
const forbidden = ['build', 'container_name', 'ports', 'privileged'] as const;

/** An image is a name with a tag of its own or a digest: without one nobody can tell which release runs. */
const imagePattern = /^[a-z0-9][\w./:-]*(?::(?!latest(?:@|$))\w[\w.-]{0,127}|@sha256:[0-9a-f]{64})$/;

/**
 * Checks a filled Compose file by the rules of a release without a gap. `secrets` are values that may stand nowhere in it. Throws
 * `INVALID_INPUT`, naming service and rule.
 */
export function checkCompose(text: string, secrets: readonly string[]): void {
  const content: unknown = parseDocument(text).toJS({ maxAliasCount: 100 });
  const parsed = fileSchema.safeParse(content);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw refused(
      `The Compose file has a wrong ${issue?.path.join('.') ?? 'form'}.`,
      `${issue?.message ?? ''}. Every service needs image, healthcheck, stop_grace_period, logging limits, replicas, update and rollback rules and resource limits.`,
    );
  }
  for (const [name, service] of Object.entries(parsed.data.services)) {
    const bad = forbidden.find((key) => service[key] !== undefined);
    if (bad !== undefined) {
      throw refused(
        `The service ${name} has ${bad}.`,
        'A rolling service has no fixed name and no port of the host, and runs an image that was built before.',
      );
    }
    if (!imagePattern.test(service.image)) {
      throw refused(
        `The image of ${name} has no tag of its own and no digest.`,
        'Write it as registry/name:1.4.2 or registry/name@sha256:…; latest is no release.',
      );
    }
  }
  const strings = new Set<string>();
  visit(parseDocument(text), { Scalar: (_key, node) => void strings.add(String(node.value)) });
  const leaked = secrets.some((secret) => secret !== '' && [...strings].some((part) => holds(part, secret)));
  if (leaked)
    throw refused(
      'A secret stands in the Compose file.',
      'Use it in the environment file only, which services name under env_file.',
    );
}

/** Short secrets count only as a whole: `1` is in every file. */
const holds = (text: string, secret: string): boolean =>
  secret.length < 8 ? text === secret : text.includes(secret.replaceAll('$', '$$$$'));
