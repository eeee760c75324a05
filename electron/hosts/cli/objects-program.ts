import type { Command } from 'commander';
import { addObjectCommands } from './object-commands';
import { type Perform, sub } from './program-parts';

/** The commands under `cutover objects`. */
export function addObjects(program: Command, perform: Perform): void {
  const objects = sub(program, 'objects', 'the buckets of both sides', [
    'cutover objects ls --side source    what is there',
    'cutover objects get uploads/a.jpg   save a file; put, cp, mv and rm change the target',
  ]);
  addObjectCommands(objects, perform);
}
