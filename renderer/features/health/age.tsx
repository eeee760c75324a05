import { useSyncExternalStore } from 'react';
import { ageOf } from './health.logic';

const drawn = new Set<() => void>();
let ticking: ReturnType<typeof setInterval> | undefined;

const tickMs = 5000;

/** One clock for all of them: each is drawn anew only when its words change, and all at once, which costs little. */
function onTick(draw: () => void): () => void {
  drawn.add(draw);
  ticking ??= setInterval(() => {
    if (document.visibilityState === 'visible') for (const each of drawn) each();
  }, tickMs);
  return () => {
    drawn.delete(draw);
    if (drawn.size > 0) return;
    clearInterval(ticking);
    ticking = undefined;
  };
}

/** How long ago something was, kept true without drawing anything else anew. */
export function Age({ at }: { at: string | undefined }) {
  return <>{useSyncExternalStore(onTick, () => ageOf(at, Date.now()))}</>;
}
