import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseEnv } from 'dotenv';
import { parseDocument, stringify } from 'yaml';
import { z } from 'zod';
import type { RuntimeKind } from '#shared/model/deploy';
import { AppError } from '#shared/model/errors';
import { interpolate } from '../connections/interpolate';
import { adviceOn } from './compose-advice';
import { isSecretName } from './release-secrets';

/** The label on every service that names the release it came from. */
export const releaseLabel = 'cutover.release';
/** Where a release's compose file and environment come from, unless the operator names others. */
export const defaultComposeFile = 'docker-compose.prod.yml';
export const defaultEnvFile = '.env.production';

export interface BundleService {
  name: string;
  image: string;
  replicas: number;
  /** Of the host, that the service publishes. */
  ports: readonly number[];
  /** What the containers see, values included: never shown. */
  environment: ReadonlyMap<string, string>;
}

/** A compose file with all that it refers to, ready to be written to the host. */
export interface ComposeBundle {
  services: BundleService[];
  /** Makes the compose file of one release, with pulled digests by the images that it names. It holds no secret and no variable. */
  compose(release: string, pinned: Readonly<Record<string, string>>): string;
  /** Environment and secret files by the path that the compose file names, relative to it, as what runs them reads them. */
  files(runtime: RuntimeKind): ReadonlyMap<string, string>;
  warnings: { service?: string; message: string }[];
}

const envFileSchema = z
  .union([z.string(), z.object({ path: z.string(), required: z.boolean().optional() })])
  .transform((entry) =>
    typeof entry === 'string'
      ? { path: entry, required: true }
      : { path: entry.path, required: entry.required ?? true },
  );

const environmentSchema = z.union([
  z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  z.array(z.string()),
]);

/** `8080`, `8080:80`, `127.0.0.1:8080:80/tcp`, `8080-8081:80-81` or the long form. A port that the engine chooses is none. */
const portsSchema = z
  .union([
    z.number().transform((): number[] => []),
    z.string().transform((text) => {
      const [, from, to] = /(?:^|:)(\d+)(?:-(\d+))?:[\d-]+(?:\/\w+)?$/.exec(text) ?? [];
      if (from === undefined) return [];
      const last = Math.min(Number(to ?? from), 65_535);
      return Array.from(
        { length: Math.max(last - Number(from) + 1, 0) },
        (_item, index) => Number(from) + index,
      );
    }),
    z
      .looseObject({ published: z.coerce.number().int().optional() })
      .transform(({ published }) => (published === undefined ? [] : [published])),
  ])
  .array();

const serviceSchema = z.looseObject({
  image: z.string().min(1).optional(),
  env_file: z.union([envFileSchema.transform((one) => [one]), z.array(envFileSchema)]).optional(),
  environment: environmentSchema.optional(),
  deploy: z
    .looseObject({
      replicas: z.number().int().min(0).optional(),
      labels: z.union([z.record(z.string(), z.string()), z.array(z.string())]).optional(),
    })
    .optional(),
});

const fileSourceSchema = z.record(z.string(), z.looseObject({ file: z.string().optional() }).nullable());

const composeSchema = z.looseObject({
  services: z.record(z.string(), serviceSchema),
  secrets: fileSourceSchema.optional(),
  configs: fileSourceSchema.optional(),
});
type Compose = z.infer<typeof composeSchema>;

export interface BundleSource {
  folder: string;
  composeFile?: string;
  envFile?: string;
}

/** Reads and checks what is to be deployed. Throws `COMPOSE_INVALID` and `SETTING_MISSING`; changes nothing. */
export async function readBundle(source: BundleSource): Promise<ComposeBundle> {
  const composeFile = source.composeFile ?? defaultComposeFile;
  const read = (name: string) => readWithin(source.folder, name);
  const text = await read(composeFile);
  const variables = parseEnv(await read(source.envFile ?? defaultEnvFile));
  const compose = composeOf(withVariables(yamlOf(text, composeFile), variables), composeFile);

  const environments = new Map<string, Readonly<Record<string, string>>>();
  const others = new Map<string, string>();
  const warnings: ComposeBundle['warnings'] = [];
  const services: BundleService[] = [];
  for (const [name, service] of Object.entries(compose.services)) {
    if (service.image === undefined) {
      throw invalid(`The service ${name} names no image.`, 'Build and push the image first, and name it.');
    }
    const environment = new Map<string, string>();
    for (const entry of service.env_file ?? []) {
      const content = entry.required ? await read(entry.path) : await read(entry.path).catch(() => '');
      const values = parseEnv(content);
      for (const [variable, value] of Object.entries(values)) environment.set(variable, value);
      environments.set(normal(entry.path), values);
    }
    for (const [variable, value] of environmentOf(service.environment)) environment.set(variable, value);
    services.push({
      name,
      image: service.image,
      replicas: service.deploy?.replicas ?? 1,
      ports: portsOf(name, service['ports']),
      environment,
    });
    warnings.push(...adviceOn(name, service));
  }
  for (const entry of [...Object.values(compose.secrets ?? {}), ...Object.values(compose.configs ?? {})]) {
    if (entry?.file !== undefined) others.set(normal(entry.file), await read(entry.file));
  }
  // Refused now, and not when the host is about to be changed.
  for (const [name, values] of environments) literalEnvFile(values, name);
  const files = (runtime: RuntimeKind) =>
    new Map([
      ...[...environments].map(([name, values]): [string, string] => [
        name,
        runtime === 'swarm' ? literalEnvFile(values, name) : quotedEnvFile(values, name),
      ]),
      ...others,
    ]);
  return { services, files, warnings, compose: (release, pinned) => composeText(compose, release, pinned) };
}

/** Reads a file that stands in the folder or below it. */
async function readWithin(folder: string, name: string): Promise<string> {
  const full = path.resolve(folder, name);
  if (path.relative(folder, full).startsWith('..') || path.isAbsolute(name)) {
    throw invalid(`${name} is outside of ${folder}.`, 'Put the file beside the compose file.');
  }
  return readFile(full, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw invalid(
      `${full} can't be read (${code}).`,
      'Render the files with cutover deploy render, or name another folder.',
    );
  });
}

function yamlOf(text: string, file: string): unknown {
  const document = parseDocument(text, { merge: true });
  const [problem] = document.errors;
  if (problem !== undefined)
    throw invalid(`${file} is not valid YAML: ${problem.message}`, 'Correct the file.');
  return document.toJS();
}

/** Replaces variables in every text. A value goes into the compose file, which others may read, so a secret is refused. */
function withVariables(value: unknown, variables: Readonly<Record<string, string>>): unknown {
  const missing = new Set<string>();
  const walk = (item: unknown): unknown => {
    if (typeof item === 'string') {
      const replaced = interpolate(item, (name) => {
        const found = variables[name];
        if (found !== undefined && isSecretName(name)) {
          throw invalid(
            `The compose file holds the value of ${name}, which is a secret by its name.`,
            'Give it to the container through env_file or a Docker secret instead.',
          );
        }
        return found;
      });
      replaced.unknown.forEach((name) => missing.add(name));
      return replaced.value;
    }
    if (Array.isArray(item)) return item.map(walk);
    if (typeof item === 'object' && item !== null) {
      return Object.fromEntries(Object.entries(item).map(([key, part]) => [key, walk(part)]));
    }
    return item;
  };
  const replaced = walk(value);
  if (missing.size > 0) {
    throw new AppError('SETTING_MISSING', `The compose file needs ${[...missing].sort().join(', ')}.`, {
      hint: `Set ${missing.size === 1 ? 'it' : 'them'} in the environment file, then try again.`,
      details: { variables: [...missing].sort().join(', ') },
    });
  }
  return replaced;
}

function composeOf(value: unknown, file: string): Compose {
  const parsed = composeSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(`${file} is not a compose file: ${z.prettifyError(parsed.error)}`, 'Correct what is named.');
}

function portsOf(service: string, given: unknown): number[] {
  const parsed = portsSchema.safeParse(given ?? []);
  if (parsed.success) return parsed.data.flat();
  throw invalid(
    `The ports of ${service} can't be read.`,
    'Write them as "8080:80" or with published and target.',
  );
}

function environmentOf(given: z.infer<typeof environmentSchema> | undefined): [string, string][] {
  if (given === undefined) return [];
  if (!Array.isArray(given)) return Object.entries(given).map(([name, value]) => [name, String(value ?? '')]);
  return given.map((line) => {
    const at = line.indexOf('=');
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)];
  });
}

/** Swarm reads `NAME=value` to the end of the line: quotes would become part of the value, and a line break can't be told. */
function literalEnvFile(values: Readonly<Record<string, string>>, file: string): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (/[\r\n]/.test(value)) {
        throw invalid(
          `${name} in ${file} has a line break, which an environment file for Swarm can't hold.`,
          'Give it as a Docker secret, or encode it (base64) and decode it in the application.',
        );
      }
      return `${name}=${value}\n`;
    })
    .join('');
}

/** Compose replaces `$`, cuts at ` #` and takes quotes away, but for what stands in single quotes. */
function quotedEnvFile(values: Readonly<Record<string, string>>, file: string): string {
  return Object.entries(values)
    .map(([name, value]) => {
      if (value.includes("'")) {
        throw invalid(
          `${name} in ${file} has a single quote, which an environment file for Compose can't hold.`,
          'Encode it as cutover deploy render does (base64:…), and decode it in the application.',
        );
      }
      return `${name}='${value}'\n`;
    })
    .join('');
}

function normal(name: string): string {
  return path.posix.normalize(name.replaceAll('\\', '/'));
}

/** The compose file as the engine gets it: paths in normal form, `$` escaped, as the engine's client replaces variables once more. */
function composeText(compose: Compose, release: string, pinned: Readonly<Record<string, string>>): string {
  const labelled = Object.fromEntries(
    Object.entries(compose.services).map(([name, service]) => [
      name,
      {
        ...service,
        ...(service.image === undefined ? {} : { image: pinned[service.image] ?? service.image }),
        ...(service.env_file === undefined
          ? {}
          : { env_file: service.env_file.map((file) => normal(file.path)) }),
        deploy: {
          ...service.deploy,
          labels: { ...labelsOf(service.deploy?.labels), [releaseLabel]: release },
        },
      },
    ]),
  );
  const escape = (item: unknown): unknown => {
    if (typeof item === 'string') return item.replaceAll('$', '$$$$');
    if (Array.isArray(item)) return item.map(escape);
    if (typeof item === 'object' && item !== null) {
      return Object.fromEntries(Object.entries(item).map(([key, part]) => [key, escape(part)]));
    }
    return item;
  };
  return stringify(escape({ ...compose, services: labelled }), { lineWidth: 0 });
}

function labelsOf(given: Record<string, string> | string[] | undefined): Record<string, string> {
  if (!Array.isArray(given)) return given ?? {};
  return Object.fromEntries(environmentOf(given));
}

function invalid(message: string, hint: string): AppError {
  return new AppError('COMPOSE_INVALID', message, { hint });
}
