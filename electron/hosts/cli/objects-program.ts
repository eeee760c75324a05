import type { Command } from 'commander';
import { addObjectCommands } from './object-commands';
import { addObjectsSync } from './objects-sync-commands';
import { type Perform, sub } from './program-parts';

/** The commands under `cutover objects`. */
export function addObjects(program: Command, perform: Perform): void {
  const objects = sub(program, 'objects', 'the buckets of both sides', [
    'cutover objects ls --side source    what is there',
    'cutover objects get uploads/a.jpg   save a file; put, cp, mv and rm change the target',
    'cutover objects sync --dry-run      what the target lacks',
    'cutover objects verify --read 10    compare every object, and read a tenth of them in full',
    'cutover objects failed              what a run could not copy',
  ]);
  addObjectCommands(objects, perform);
  addObjectsSync(objects, perform);
}
