import type { UsageNode } from '#shared/model/buckets';

/** Children of one folder that are told apart; what further ones hold is added up. */
const childrenShown = 200;

interface Node {
  objects: number;
  bytes: number;
  children: Map<string, Node>;
}

/** Adds up objects by folder, `depth` levels below a prefix. Its memory grows with the folders of those levels, not with the objects. */
export function createUsageTree(prefix: string, depth: number) {
  const root = emptyNode();
  return {
    add: ({ key, size }: { key: string; size: number }): void => {
      let node = root;
      count(node, size);
      let from = prefix.length;
      for (let level = 0; level < depth; level += 1) {
        const slash = key.indexOf('/', from);
        if (slash === -1) return;
        const name = key.slice(from, slash + 1);
        let child = node.children.get(name);
        if (child === undefined) {
          child = emptyNode();
          node.children.set(name, child);
        }
        node = child;
        count(node, size);
        from = slash + 1;
      }
    },
    sum: () => ({ objects: root.objects, bytes: root.bytes }),
    read: (): UsageNode => view(root, prefix, depth),
  };
}

function emptyNode(): Node {
  return { objects: 0, bytes: 0, children: new Map() };
}

function count(node: Node, size: number): void {
  node.objects += 1;
  node.bytes += size;
}

function view(node: Node, prefix: string, depth: number): UsageNode {
  const { objects, bytes } = node;
  if (depth === 0) return { prefix, objects, bytes };
  const sorted = [...node.children].sort(([, a], [, b]) => b.bytes - a.bytes || b.objects - a.objects);
  const others = sorted.slice(childrenShown).map(([, child]) => child);
  return {
    prefix,
    objects,
    bytes,
    children: sorted
      .slice(0, childrenShown)
      .map(([name, child]) => view(child, `${prefix}${name}`, depth - 1)),
    ...(others.length === 0
      ? {}
      : {
          rest: {
            prefixes: others.length,
            objects: others.reduce((sum, child) => sum + child.objects, 0),
            bytes: others.reduce((sum, child) => sum + child.bytes, 0),
          },
        }),
  };
}
