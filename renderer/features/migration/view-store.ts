import { create } from 'zustand';
import { lanes, usualLanes, type Lane } from '#shared/model/run';

interface MigrationView {
  /** What a new migration would move. */
  chosen: readonly Lane[];
  /** A migration that is being prepared: inspected, planned, read. `attempt` tells a repeated one apart. */
  draft: { only: readonly Lane[]; attempt: number } | undefined;
  confirmCancel: boolean;
  /** The table whose differing rows are shown. */
  mismatch: string | undefined;
  choose: (lane: Lane, wanted: boolean) => void;
  /** Inspects and plans anew. */
  prepare: () => void;
  /** Leaves the preparation without starting. */
  leave: () => void;
}

/** What the migration page shows, as far as the host does not know it. */
export const useMigrationView = create<MigrationView>((set) => ({
  chosen: usualLanes,
  draft: undefined,
  confirmCancel: false,
  mismatch: undefined,
  choose: (lane, wanted) =>
    set(({ chosen }) => ({
      chosen: lanes.filter((item) => (item === lane ? wanted : chosen.includes(item))),
    })),
  prepare: () =>
    set(({ chosen, draft }) => ({
      draft: { only: chosen.length === 0 ? usualLanes : chosen, attempt: (draft?.attempt ?? 0) + 1 },
    })),
  leave: () => set({ draft: undefined }),
}));
