import { S3Error } from './errors';

const namespace = 'http://s3.amazonaws.com/doc/2006-03-01/';
const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** Text as XML character data. Control characters become references, as S3 writes them. */
export function escapeXml(text: string): string {
  return text.replace(
    controlOrMarkup,
    (found) => escapes[found] ?? `&#x${found.charCodeAt(0).toString(16).toUpperCase()};`,
  );
}
const controlOrMarkup = new RegExp(`[&<>"${String.fromCharCode(0)}-${String.fromCharCode(31)}]`, 'g');

/** One element with text in it; nothing when the text is undefined. */
export function element(name: string, text: string | number | boolean | undefined): string {
  return text === undefined ? '' : `<${name}>${escapeXml(String(text))}</${name}>`;
}

/** A whole answer with the S3 namespace. */
export function documentOf(root: string, content: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="${namespace}">${content}</${root}>`;
}

/** An element of a request body: text and children by name. */
export interface XmlNode {
  readonly name: string;
  readonly children: readonly XmlNode[];
  readonly text: string;
}

/** The children with one name, at the first level. */
export function childrenOf(node: XmlNode, name: string): readonly XmlNode[] {
  return node.children.filter((child) => child.name === name);
}

/** The text of the first child with that name. */
export function textOf(node: XmlNode, name: string): string | undefined {
  return childrenOf(node, name)[0]?.text;
}

/**
 * Reads the small XML subset of S3 request bodies: elements, text, entities, no DTD. Throws `MalformedXML` for all
 * else and for a root that is not named `root`.
 */
export function parseXml(body: Buffer, root: string): XmlNode {
  const text = body.toString('utf8').replace(/^\uFEFF?\s*(<\?xml[^>]*\?>)?/, '');
  const tags = /<(\/?)([A-Za-z_][\w.:-]*)([^<>]*?)(\/?)>/g;
  const stack: { name: string; children: XmlNode[]; text: string }[] = [{ name: '', children: [], text: '' }];
  let last = 0;
  for (const match of text.matchAll(tags)) {
    const [whole, closing, qualified, , selfClosing] = match;
    const top = stack.at(-1);
    if (top === undefined || qualified === undefined) throw new S3Error('MalformedXML');
    top.text += unescapeXml(text.slice(last, match.index));
    last = match.index + whole.length;
    const name = qualified.slice(qualified.indexOf(':') + 1);
    if (closing === '/') {
      const parent = stack.at(-2);
      if (parent === undefined || top.name !== name) throw new S3Error('MalformedXML');
      stack.pop();
      parent.children.push(top);
    } else if (selfClosing === '/') {
      top.children.push({ name, children: [], text: '' });
    } else {
      stack.push({ name, children: [], text: '' });
    }
  }
  const [base, ...open] = stack;
  const found = base?.children[0];
  if (
    found === undefined ||
    open.length > 0 ||
    base?.children.length !== 1 ||
    text.slice(last).trim() !== ''
  ) {
    throw new S3Error('MalformedXML');
  }
  if (found.name !== root) throw new S3Error('MalformedXML');
  return found;
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  if (text.includes('<')) throw new S3Error('MalformedXML');
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (_found, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number.parseInt(decimal, 10));
      const character = named[name ?? ''];
      if (character === undefined) throw new S3Error('MalformedXML');
      return character;
    },
  );
}
