import { parser } from '@lezer/python';
import type { SyntaxNode, Tree } from '@lezer/common';

/** A piece of a file by its character offsets. */
export interface Span {
  from: number;
  to: number;
}

/** One `import` or `from … import`; `names` is empty for `import module`. */
export interface PythonImport extends Span {
  /** As written, with the dots of a relative import in front. */
  module: string;
  names: { name: string; local: string }[];
  /** The name that `import module` binds. */
  local: string;
}

/** A function that answers requests. */
export interface RouteHandler extends Span {
  name: string;
  method: string;
  /** The path in its decorator behind the prefix of its router, without what `include_router` adds. */
  path: string;
}

/** A Python file, read as far as a migration needs it. */
export interface PythonSource {
  text: string;
  imports: PythonImport[];
  handlers: RouteHandler[];
  /** The statements of the module itself. */
  statements: Span[];
  /** Where a name is used, imports apart. */
  uses(name: string): Span[];
  /** The attributes that are taken of a name: `name.attribute`. */
  attributesOf(name: string): (Span & { attribute: string })[];
  lineOf(offset: number): number;
}

const methods = new Set(['get', 'post', 'put', 'patch', 'delete', 'head', 'options', 'websocket']);

/** Reads a file. What is no valid Python is passed over, and shows as a difference for the reader. */
export function readPython(text: string): PythonSource {
  const tree = parser.parse(text);
  const imports = [...importsOf(tree, text)];
  const inImport = ({ from }: Span): boolean => imports.some((one) => from >= one.from && from < one.to);
  return {
    text,
    imports,
    handlers: [...handlersOf(tree, text)],
    statements: children(tree.topNode)
      .filter((node) => node.name !== 'Comment')
      .map(({ from, to }) => ({ from, to })),
    uses: (name) =>
      nodesNamed(tree, 'VariableName')
        .filter((node) => textOf(node, text) === name && !inImport(node) && !isKeyword(node))
        .map(({ from, to }) => ({ from, to })),
    attributesOf: (name) =>
      nodesNamed(tree, 'MemberExpression').flatMap((node) => {
        const [object, property] = [node.firstChild, node.lastChild];
        if (object?.name !== 'VariableName' || property?.name !== 'PropertyName') return [];
        if (textOf(object, text) !== name) return [];
        return [{ from: node.from, to: node.to, attribute: textOf(property, text) }];
      }),
    lineOf: (offset) => text.slice(0, offset).split('\n').length,
  };
}

const textOf = (node: Span, text: string): string => text.slice(node.from, node.to);

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) found.push(child);
  return found;
}

function nodesNamed(tree: Tree, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  tree.iterate({
    enter: (node) => {
      if (node.name === name) found.push(node.node);
    },
  });
  return found;
}

/** `call(name=…)` names a parameter, not a variable. */
const isKeyword = (node: SyntaxNode): boolean =>
  node.parent?.name === 'ArgList' && node.nextSibling?.name === 'AssignOp';

function* importsOf(tree: Tree, text: string): Generator<PythonImport> {
  for (const node of nodesNamed(tree, 'ImportStatement')) {
    const written = textOf(node, text)
      .replaceAll(/#[^\n]*/g, '')
      .replaceAll(/[()\\\s]+/g, ' ')
      .trim();
    const [, module, list] = /^from ([.\w]+(?: \w[.\w]*)?) import (.+)$/.exec(written) ?? [];
    const span = { from: node.from, to: node.to };
    if (module !== undefined && list !== undefined) {
      const names = list.split(',').flatMap((part) => {
        const [name, , local] = part.trim().split(' ');
        return name === undefined || name === '' ? [] : [{ name, local: local ?? name }];
      });
      yield { ...span, module: module.replaceAll(' ', ''), names, local: '' };
    } else {
      for (const part of written.replace(/^import /, '').split(',')) {
        const [name = '', , local] = part.trim().split(' ');
        yield { ...span, module: name, names: [], local: local ?? name.split('.')[0] ?? name };
      }
    }
  }
}

function* handlersOf(tree: Tree, text: string): Generator<RouteHandler> {
  const prefixes = new Map(
    [...text.matchAll(/^(\w+)\s*=\s*APIRouter\([^)]*?prefix\s*=\s*["']([^"']*)/gm)].map(
      ([, name = '', prefix = '']) => [name, prefix] as const,
    ),
  );
  for (const node of nodesNamed(tree, 'DecoratedStatement')) {
    const definition = node.getChild('FunctionDefinition');
    const name = definition?.getChild('VariableName');
    if (!name) continue;
    for (const decorator of node.getChildren('Decorator')) {
      const [, router, method, path = ''] =
        /^@([\w.]+)\.(\w+)\(\s*(?:path\s*=\s*)?[fr]?["']?([^"',)]*)/.exec(textOf(decorator, text)) ?? [];
      if (router === undefined || method === undefined || !methods.has(method)) continue;
      const whole = `${prefixes.get(router) ?? ''}${path}`;
      yield {
        from: node.from,
        to: node.to,
        name: textOf(name, text),
        method: method.toUpperCase(),
        path: whole === '' ? '/' : whole,
      };
    }
  }
}

/** The text with the given pieces replaced. They must not overlap. */
export function replaceSpans(text: string, changes: readonly (Span & { text: string })[]): string {
  let result = '';
  let at = 0;
  for (const change of [...changes].sort((left, right) => left.from - right.from)) {
    result += text.slice(at, change.from) + change.text;
    at = change.to;
  }
  return result + text.slice(at);
}
