import { parseDocument } from 'yaml';
import { z } from 'zod';
import { AppError } from '#shared/model/errors';
import { parseConnectionUrl, percentDecoded } from '../settings/connection-url';
import { composePortSchema, publishedPort } from './compose-ports';
import { interpolate } from './interpolate';
import {
  databaseUrl,
  type Found,
  type ImportedSettings,
  settingsInVariables,
  withMissing,
} from './imported-settings';

/** A Compose file is a few kilobytes; aliases beyond this number are an attack on memory or a mistake. */
const aliasLimit = 100;
const lengthLimit = 1024 * 1024;

const scalarSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const serviceSchema = z.looseObject({
  image: z.string().optional(),
  environment: z.union([z.array(scalarSchema), z.record(z.string(), scalarSchema)]).nullish(),
  env_file: z.unknown().optional(),
  ports: z.array(composePortSchema).nullish(),
});
const composeSchema = z.looseObject({ services: z.record(z.string(), z.unknown()) });

interface Service {
  name: string;
  image: string;
  variables: Map<string, Found>;
  ports: z.infer<typeof composePortSchema>[];
}

/**
 * Reads a Compose file: PostgreSQL and MinIO services, seen from the machine that runs Compose, and what the application's services are
 * told about them. Throws `INVALID_INPUT` when the text is not a Compose file.
 */
export function importCompose(text: string): ImportedSettings {
  const ignored: ImportedSettings['ignored'] = [];
  const services = readServices(text, ignored);
  const missing: ImportedSettings['missing'] = {};
  const database = services.find(isPostgres);
  const objects = services.find(isMinio);

  const told = new Map<string, Found>();
  for (const service of services) {
    if (service === database || service === objects) continue;
    for (const [name, found] of service.variables) if (!told.has(name)) told.set(name, found);
  }
  const imported = settingsInVariables(told);
  const found = { ...imported.found };

  if (database !== undefined) {
    const seen = databaseOf(database, services, found.SOURCE_DATABASE_URL);
    if ('reason' in seen) {
      delete found.SOURCE_DATABASE_URL;
      missing.SOURCE_DATABASE_URL = seen.reason;
    } else found.SOURCE_DATABASE_URL = seen;
  } else if (found.SOURCE_DATABASE_URL === undefined) {
    missing.SOURCE_DATABASE_URL = 'The file has no PostgreSQL service.';
  }
  if (objects !== undefined) addObjects(objects, found, missing);
  else if (found.SOURCE_S3_ENDPOINT === undefined) {
    missing.SOURCE_S3_ENDPOINT = 'The file has no MinIO service.';
  }
  return withMissing(
    { found, missing, ignored: [...imported.ignored, ...ignored] },
    'The file says nothing about it.',
  );
}

function readServices(text: string, ignored: ImportedSettings['ignored']): Service[] {
  const parsed = composeSchema.safeParse(parseYaml(text));
  if (!parsed.success) throw notCompose('it has no services');
  return Object.entries(parsed.data.services).flatMap(([name, value]) => {
    const service = serviceSchema.safeParse(value);
    if (!service.success) {
      ignored.push({ name: `service ${name}`, reason: 'It is not of the form that Compose describes.' });
      return [];
    }
    if (service.data.env_file !== undefined) {
      ignored.push({
        name: `service ${name}: env_file`,
        reason: 'Import that file as well: it is not part of this one.',
      });
    }
    return [
      {
        name,
        image: resolved(service.data.image ?? '') ?? '',
        variables: variablesOf(name, service.data.environment ?? [], ignored),
        ports: (service.data.ports ?? []).map((port) =>
          typeof port === 'string' ? (resolved(port) ?? '') : port,
        ),
      },
    ];
  });
}

function parseYaml(text: string): unknown {
  if (text.length > lengthLimit) throw notCompose('it is larger than 1 MiB');
  try {
    const document = parseDocument(text, { merge: true, logLevel: 'silent' });
    if (document.errors.length > 0) throw notCompose('it is not YAML');
    return document.toJS({ maxAliasCount: aliasLimit });
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw notCompose('it can not be read as YAML');
  }
}

function notCompose(reason: string): AppError {
  return new AppError('INVALID_INPUT', `The text is not a Compose file: ${reason}.`, {
    hint: 'Choose the docker-compose.yml of the application, or import its .env file instead.',
  });
}

/** The file alone is known here, so a variable has a value only where the file gives a default. */
function resolved(text: string): string | undefined {
  const { value, unknown } = interpolate(text, () => undefined);
  return unknown.length === 0 ? value : undefined;
}

function variablesOf(
  service: string,
  environment: NonNullable<z.infer<typeof serviceSchema>['environment']>,
  ignored: ImportedSettings['ignored'],
): Map<string, Found> {
  const pairs = Array.isArray(environment)
    ? environment.map((entry): [string, string | null] => {
        const [, name = '', value] = /^([^=]*)(?:=([\s\S]*))?$/.exec(String(entry)) ?? [];
        return [name, value ?? null];
      })
    : Object.entries(environment).map(([name, value]): [string, string | null] => [
        name,
        value === null ? null : String(value),
      ]);
  const variables = new Map<string, Found>();
  for (const [name, text] of pairs) {
    const from = `service ${service}: ${name}`;
    if (text === null) {
      ignored.push({ name: from, reason: 'Its value comes from the shell that starts Compose.' });
      continue;
    }
    const { value, unknown } = interpolate(text, () => undefined);
    if (unknown.length === 0) variables.set(name, { value, from });
    else {
      const names = unknown.map((variable) => `\${${variable}}`).join(', ');
      ignored.push({ name: from, reason: `It uses ${names}, which the file does not define.` });
    }
  }
  return variables;
}

function isPostgres(service: Service): boolean {
  return (
    /(^|\/)(postgres|postgresql|postgis|timescaledb(-ha)?|pgvector)(?=$|[:@/])/.test(service.image) ||
    (service.image === '' && service.variables.has('POSTGRES_PASSWORD'))
  );
}

function isMinio(service: Service): boolean {
  return (
    /(^|\/)minio(?=$|[:@])/.test(service.image) ||
    (service.image === '' && service.variables.has('MINIO_ROOT_USER'))
  );
}

/** The URL that the application uses, or else the server's own account, at the port that this machine publishes. */
function databaseOf(
  database: Service,
  services: readonly Service[],
  told: Found | undefined,
): Found | { reason: string } {
  const port = publishedPort(database.ports, 5432);
  const toldUrl = told === undefined ? undefined : parseConnectionUrl(told.value);
  const isOutside = toldUrl !== undefined && !services.some((service) => service.name === toldUrl.host);
  if (told !== undefined && isOutside) return told;
  if (port === undefined) {
    return {
      reason: `The service ${database.name} publishes no port. Publish 5432 or forward it over SSH, then enter the URL.`,
    };
  }
  const at = { host: port.host, port: String(port.port) };
  if (told !== undefined && toldUrl !== undefined) {
    const { user, rawPassword, database: name } = toldUrl;
    return {
      value: databaseUrl({ user, password: percentDecoded(rawPassword), database: name, ...at }),
      from: told.from,
    };
  }
  const value = (...names: string[]) => names.flatMap((name) => database.variables.get(name) ?? []).at(0);
  const password = value('POSTGRES_PASSWORD', 'POSTGRESQL_PASSWORD');
  if (password === undefined) {
    return { reason: `The password of the service ${database.name} is not in the file.` };
  }
  const user = value('POSTGRES_USER', 'POSTGRESQL_USERNAME')?.value ?? 'postgres';
  const name = value('POSTGRES_DB', 'POSTGRESQL_DATABASE')?.value ?? user;
  return {
    value: databaseUrl({ user, password: password.value, database: name, ...at }),
    from: `service ${database.name}`,
  };
}

function addObjects(
  objects: Service,
  found: ImportedSettings['found'],
  missing: ImportedSettings['missing'],
): void {
  const port = publishedPort(objects.ports, 9000);
  const told = found.SOURCE_S3_ENDPOINT?.value ?? '';
  const inside = told === '' || (URL.canParse(told) && new URL(told).hostname === objects.name);
  if (port !== undefined && inside) {
    found.SOURCE_S3_ENDPOINT = { value: `http://${port.host}:${port.port}`, from: `service ${objects.name}` };
  } else if (inside) {
    delete found.SOURCE_S3_ENDPOINT;
    missing.SOURCE_S3_ENDPOINT = `The service ${objects.name} publishes no port. Publish 9000 or forward it over SSH, then enter the endpoint.`;
  }
  const user = objects.variables.get('MINIO_ROOT_USER') ?? objects.variables.get('MINIO_ACCESS_KEY');
  const password = objects.variables.get('MINIO_ROOT_PASSWORD') ?? objects.variables.get('MINIO_SECRET_KEY');
  // A pair belongs together: the application's own keys are kept only when both are there.
  if (found.SOURCE_S3_ACCESS_KEY_ID === undefined || found.SOURCE_S3_SECRET_ACCESS_KEY === undefined) {
    if (user !== undefined) found.SOURCE_S3_ACCESS_KEY_ID = user;
    if (password !== undefined) found.SOURCE_S3_SECRET_ACCESS_KEY = password;
  }
  const buckets = objects.variables.get('MINIO_DEFAULT_BUCKETS');
  if (buckets !== undefined) found.SOURCE_S3_BUCKETS ??= buckets;
}
