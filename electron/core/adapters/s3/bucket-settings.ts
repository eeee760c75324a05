import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { BucketSettings, BucketSettingsPorts, CorsRule } from '../../ports/bucket-settings';
import type { Settings } from '../../ports/settings';
import { classifyS3Error } from './classify';
import { sourceConfig, targetConfig } from './endpoints';
import { S3ResponseError } from './failure';
import { createStoreClient, type StoreClient } from './store-client';
import { unescapeXml, xmlBlocks, xmlText } from './xml-read';

/** The settings of the buckets that the settings lead to. Nothing is connected before the first call. */
export function openBucketSettings(settings: Settings): BucketSettingsPorts {
  const open: { source?: StoreClient; target?: StoreClient } = {};
  const source = (): StoreClient => (open.source ??= createStoreClient(sourceConfig(settings)));
  const target = (): StoreClient => (open.target ??= createStoreClient(targetConfig(settings)));
  const guarded = async <T>(
    client: StoreClient,
    bucket: string,
    signal: AbortSignal,
    work: () => Promise<T>,
  ): Promise<T> => {
    const { endpoint } = client.config;
    try {
      return await work();
    } catch (error) {
      throw classifyS3Error(error, { source: { endpoint }, target: { endpoint } }, { bucket }, signal);
    }
  };
  return {
    read: (bucket, signal) => guarded(source(), bucket, signal, () => readSettings(source(), bucket, signal)),
    extras: (bucket, key, signal) =>
      guarded(source(), bucket, signal, async () => {
        try {
          const response = await source().send({ method: 'HEAD', bucket, key }, signal);
          return extrasOf(response.headers);
        } catch (error) {
          if (error instanceof S3ResponseError && error.status === 404) return undefined;
          throw error;
        }
      }),
    targetCors: (bucket, signal) =>
      guarded(target(), bucket, signal, async () =>
        corsRules((await subresource(target(), bucket, 'cors', signal)).text ?? ''),
      ),
    setTargetCors: (bucket, rules, signal) =>
      guarded(target(), bucket, signal, async () => {
        const query = { cors: '' };
        if (rules.length === 0) {
          await target().send({ method: 'DELETE', bucket, query }, signal);
          return;
        }
        const body = Buffer.from(corsXml(rules));
        const headers = {
          'content-type': 'application/xml',
          'content-md5': createHash('md5').update(body).digest('base64'),
        };
        await target().send({ method: 'PUT', bucket, query, body, headers }, signal);
      }),
    close: async () => {
      await Promise.all([open.source?.close(), open.target?.close()]);
    },
  };
}

/** A sub-resource's document: absent when nobody set it up; `unknown` when the store has no such thing or does not let this key see it. */
async function subresource(
  client: StoreClient,
  bucket: string,
  name: string,
  signal: AbortSignal,
): Promise<{ text?: string; unknown: boolean }> {
  try {
    return {
      text: await client.sendText({ method: 'GET', bucket, query: { [name]: '' } }, signal),
      unknown: false,
    };
  } catch (error) {
    if (!(error instanceof S3ResponseError)) throw error;
    if (error.status === 501 || error.status === 405 || error.code === 'AccessDenied')
      return { unknown: true };
    if (error.status === 404 && error.code !== 'NoSuchBucket') return { unknown: false };
    throw error;
  }
}

const parts = [
  'versioning',
  'object-lock',
  'policy',
  'acl',
  'encryption',
  'lifecycle',
  'notification',
  'replication',
  'tagging',
  'cors',
] as const;

async function readSettings(
  client: StoreClient,
  bucket: string,
  signal: AbortSignal,
): Promise<BucketSettings> {
  const answers = await Promise.all(
    parts.map(async (name) => [name, await subresource(client, bucket, name, signal)] as const),
  );
  const documents = new Map(answers.map(([name, { text }]) => [name, text ?? '']));
  const text = (name: (typeof parts)[number]): string => documents.get(name) ?? '';
  const count = (name: (typeof parts)[number], element: string): number =>
    [...xmlBlocks(text(name), element)].length;
  const status = xmlText(text('versioning'), 'Status');
  return {
    versioning: status === 'Enabled' ? 'enabled' : status === 'Suspended' ? 'suspended' : 'off',
    objectLock: xmlText(text('object-lock'), 'ObjectLockEnabled') === 'Enabled',
    publicActions: publicActions(text('policy')),
    policy: text('policy') !== '',
    acl: aclOf(text('acl')),
    encryption: encryptionOf(xmlText(text('encryption'), 'SSEAlgorithm')),
    lifecycleRules: count('lifecycle', 'Rule'),
    notifications: ['Queue', 'Topic', 'CloudFunction', 'Lambda'].reduce(
      (sum, kind) => sum + count('notification', `${kind}Configuration`),
      0,
    ),
    replicationRules: count('replication', 'Rule'),
    tags: count('tagging', 'Tag'),
    cors: corsRules(text('cors')),
    unknown: answers.flatMap(([name, { unknown }]) => (unknown ? [name] : [])),
  };
}

function aclOf(xml: string): BucketSettings['acl'] {
  if (xml.includes('/groups/global/')) return 'everybody';
  // The owner's own right is the only one that every bucket has.
  return [...xmlBlocks(xml, 'Grant')].length > 1 ? 'others' : 'owner';
}

function encryptionOf(algorithm: string | undefined): BucketSettings['encryption'] {
  if (algorithm === undefined) return 'none';
  return algorithm.startsWith('aws:kms') ? 'SSE-KMS' : 'SSE-S3';
}

const textOrTexts = z.union([z.string(), z.array(z.string())]);
const policySchema = z.object({
  Statement: z.union([z.unknown(), z.array(z.unknown())]),
});
const statementSchema = z.object({
  Effect: z.literal('Allow'),
  Principal: z.union([z.literal('*'), z.object({ AWS: textOrTexts })]),
  Action: textOrTexts,
});

/** What a bucket policy lets anybody do. Conditions count as none: they narrow it, but it is public all the same. */
function publicActions(policy: string): string[] {
  const parsed = policySchema.safeParse(jsonOf(policy));
  if (!parsed.success) return [];
  const { Statement: statements } = parsed.data;
  const all: unknown[] = Array.isArray(statements) ? statements : [statements];
  const actions = all.flatMap((item) => {
    const statement = statementSchema.safeParse(item);
    if (!statement.success) return [];
    const { Principal: principal, Action: action } = statement.data;
    const anybody = principal === '*' || [principal.AWS].flat().includes('*');
    return anybody ? [action].flat() : [];
  });
  return [...new Set(actions)].sort();
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function extrasOf(headers: Readonly<Record<string, string>>) {
  const metadata = Object.entries(headers).filter(([name]) => name.startsWith('x-amz-meta-'));
  return {
    metadataBytes: metadata.reduce(
      (sum, [name, value]) => sum + name.length - 'x-amz-meta-'.length + value.length,
      0,
    ),
    tags: Number(headers['x-amz-tagging-count'] ?? 0),
    locked:
      headers['x-amz-object-lock-mode'] !== undefined || headers['x-amz-object-lock-legal-hold'] === 'ON',
    kms: headers['x-amz-server-side-encryption']?.startsWith('aws:kms') ?? false,
    redirect: headers['x-amz-website-redirect-location'] !== undefined,
  };
}

function corsRules(xml: string): CorsRule[] {
  return [...xmlBlocks(xml, 'CORSRule')].map((rule) => {
    const texts = (name: string): string[] => [...xmlBlocks(rule, name)].map(unescapeXml);
    const maxAge = Number(xmlText(rule, 'MaxAgeSeconds') ?? Number.NaN);
    return {
      origins: texts('AllowedOrigin'),
      methods: texts('AllowedMethod'),
      headers: texts('AllowedHeader'),
      expose: texts('ExposeHeader'),
      ...(Number.isFinite(maxAge) ? { maxAge } : {}),
    };
  });
}

function corsXml(rules: readonly CorsRule[]): string {
  const element = (name: string, text: string): string =>
    `<${name}>${text.replace(/[&<>]/g, (found) => ({ '&': '&amp;', '<': '&lt;' })[found] ?? '&gt;')}</${name}>`;
  const each = (name: string, texts: readonly string[]): string =>
    texts.map((text) => element(name, text)).join('');
  const body = rules.map(
    ({ origins, methods, headers, expose, maxAge }) =>
      `<CORSRule>${each('AllowedOrigin', origins)}${each('AllowedMethod', methods)}${each('AllowedHeader', headers)}` +
      `${each('ExposeHeader', expose)}${maxAge === undefined ? '' : element('MaxAgeSeconds', String(maxAge))}</CORSRule>`,
  );
  return `<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${body.join('')}</CORSConfiguration>`;
}
