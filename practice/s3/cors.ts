import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './errors';
import { childrenOf, parseXml, textOf } from './xml';

interface CorsRule {
  origins: string[];
  methods: string[];
  headers: string[];
  expose: string[];
  maxAge: string | undefined;
}

/** Reads a CORS configuration. Throws `MalformedXML` for a rule without origin or method. */
export function parseCors(text: Buffer): CorsRule[] {
  const rules = childrenOf(parseXml(text, 'CORSConfiguration'), 'CORSRule').map((node): CorsRule => {
    const texts = (name: string): string[] => childrenOf(node, name).map((child) => child.text);
    return {
      origins: texts('AllowedOrigin'),
      methods: texts('AllowedMethod'),
      headers: texts('AllowedHeader').map((name) => name.toLowerCase()),
      expose: texts('ExposeHeader'),
      maxAge: textOf(node, 'MaxAgeSeconds'),
    };
  });
  if (rules.length === 0 || rules.some((rule) => rule.origins.length === 0 || rule.methods.length === 0)) {
    throw new S3Error('MalformedXML');
  }
  return rules;
}

function fits(pattern: string, text: string): boolean {
  const star = pattern.indexOf('*');
  if (star === -1) return pattern === text;
  const end = pattern.slice(star + 1);
  return text.length >= pattern.length - 1 && text.startsWith(pattern.slice(0, star)) && text.endsWith(end);
}

/** The headers that let a page of `Origin` read the answer; none when no rule fits. */
export function corsHeaders(
  configuration: string | undefined,
  method: string,
  headers: IncomingHttpHeaders,
): Record<string, string> {
  const { origin } = headers;
  if (configuration === undefined || origin === undefined) return {};
  const asked = (headers['access-control-request-headers'] ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
  const rule = parseCors(Buffer.from(configuration)).find(
    ({ origins, methods, headers: allowed }) =>
      origins.some((pattern) => fits(pattern, origin)) &&
      methods.includes(method) &&
      asked.every((name) => allowed.some((pattern) => fits(pattern, name))),
  );
  if (rule === undefined) return {};
  return {
    'access-control-allow-origin': rule.origins.includes('*') ? '*' : origin,
    'access-control-allow-methods': rule.methods.join(', '),
    ...(asked.length > 0 ? { 'access-control-allow-headers': asked.join(', ') } : {}),
    ...(rule.expose.length > 0 ? { 'access-control-expose-headers': rule.expose.join(', ') } : {}),
    ...(rule.maxAge === undefined ? {} : { 'access-control-max-age': rule.maxAge }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}
