import type { ChangedFile } from '#shared/model/application';
import type { Tone } from '../../ui/tag';

export const actionLooks: Record<ChangedFile['action'], { tone: Tone; label: string }> = {
  add: { tone: 'ok', label: 'Added' },
  change: { tone: 'run', label: 'Changed' },
  remove: { tone: 'bad', label: 'Removed' },
};

export interface PatchLine {
  kind: 'head' | 'place' | 'added' | 'removed' | 'same';
  text: string;
}

/** The lines of a patch, by what they are. */
export function patchLines(patch: string): PatchLine[] {
  let inside = false;
  return patch
    .replace(/\n$/, '')
    .split('\n')
    .map((text) => {
      if (text.startsWith('@@')) inside = true;
      return { kind: kindOf(text, inside), text };
    });
}

function kindOf(text: string, inside: boolean): PatchLine['kind'] {
  if (!inside) return 'head';
  if (text.startsWith('@@')) return 'place';
  if (text.startsWith('+')) return 'added';
  return text.startsWith('-') ? 'removed' : 'same';
}
