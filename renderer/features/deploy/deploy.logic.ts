import type { LogLine } from '#shared/contract/deploy';
import type {
  ContainerUse,
  DeployEvent,
  ReleasePlan,
  ReleaseRecord,
  RenderedVariable,
  ServiceStatus,
} from '#shared/model/deploy';
import { formatAmount } from '../../ui/format';
import type { Tone } from '../../ui/tag';

/** Lines that are kept: what scrolled away further is in the log of the host. */
export const keptLines = 5_000;

/** What a deployment has told so far. */
export interface OperationView {
  phases: { phase: string; message: string }[];
  /** The latest word on each service. */
  services: { service: string; state: string; message: string }[];
  lines: { level: 'info'; message: string; source: string }[];
  end: Extract<DeployEvent, { type: 'end' }> | undefined;
}

export const noEvents: OperationView = { phases: [], services: [], lines: [], end: undefined };

/** Folds what came into what was known. */
export function foldOperation(view: OperationView, events: readonly DeployEvent[]): OperationView {
  const next: OperationView = {
    ...view,
    phases: [...view.phases],
    services: [...view.services],
    lines: [...view.lines],
  };
  for (const event of events) {
    switch (event.type) {
      case 'phase':
        next.phases.push({ phase: event.phase, message: event.message });
        break;
      case 'log':
        next.lines.push({ level: 'info', message: event.line, source: event.source });
        break;
      case 'service': {
        const { service, state, message } = event;
        const known = next.services.findIndex((entry) => entry.service === service);
        if (known === -1) next.services.push({ service, state, message });
        else next.services[known] = { service, state, message };
        break;
      }
      case 'end':
        next.end = event;
        break;
    }
  }
  next.lines = next.lines.slice(-keptLines);
  return next;
}

/** How a phase stands: the last one is under way until the operation has ended. */
export function phaseTone(view: OperationView, index: number): Tone {
  if (index < view.phases.length - 1) return 'ok';
  if (view.end === undefined) return 'run';
  return view.end.outcome === 'done' || view.end.outcome === 'rolled-back' ? 'ok' : 'bad';
}

export const healthLooks: Record<ServiceStatus['health'], { tone: Tone; label: string }> = {
  healthy: { tone: 'ok', label: 'Healthy' },
  starting: { tone: 'run', label: 'Starting' },
  degraded: { tone: 'warn', label: 'Degraded' },
  down: { tone: 'bad', label: 'Down' },
  stopped: { tone: 'idle', label: 'Stopped' },
};

export const releaseLooks: Record<ReleaseRecord['state'], { tone: Tone; label: string }> = {
  prepared: { tone: 'idle', label: 'Prepared' },
  applying: { tone: 'run', label: 'Being applied' },
  interrupted: { tone: 'warn', label: 'Cut off' },
  live: { tone: 'ok', label: 'Live' },
  replaced: { tone: 'idle', label: 'Replaced' },
  failed: { tone: 'bad', label: 'Failed' },
};

export const changeLooks: Record<ReleasePlan['services'][number]['change'], { tone: Tone; label: string }> = {
  created: { tone: 'run', label: 'Created' },
  changed: { tone: 'warn', label: 'Changed' },
  unchanged: { tone: 'idle', label: 'Unchanged' },
  removed: { tone: 'bad', label: 'Left over' },
};

/** Lines that hold the text in any letter case. */
export function linesWith(lines: readonly LogLine[], text: string): readonly LogLine[] {
  const sought = text.toLowerCase();
  return sought === '' ? lines : lines.filter((line) => line.text.toLowerCase().includes(sought));
}

/** Addresses, one a line; what is none comes back by itself. */
export function readAddresses(text: string): { addresses: string[]; wrong: string[] } {
  const words = text.split(/[\s,]+/).filter((word) => word !== '');
  const isAddress = (word: string) => /^https?:\/\//.test(word) && URL.canParse(word);
  return { addresses: words.filter(isAddress), wrong: words.filter((word) => !isAddress(word)) };
}

/** `backend: alembic upgrade head`; undefined for a text of another form. */
export function readMigration(text: string): { service: string; command: string[] } | undefined {
  const [, service, command] = /^\s*([\w-]+):\s*(\S.*)$/.exec(text) ?? [];
  if (service === undefined || command === undefined) return undefined;
  return { service, command: command.trim().split(/\s+/) };
}

/** Digests are for machines: name and tag are what people compare. */
export function shortImage(image: string): string {
  return image.replace(/@sha256:([0-9a-f]{8})[0-9a-f]+$/, '@$1');
}

/** What the containers take together; cores only once all are measured twice. */
export function totalUse(use: readonly ContainerUse[]): string {
  const memory = use.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
  const cores = use.reduce<number | null>(
    (sum, { cpus }) => (sum === null || cpus === null ? null : sum + cpus),
    0,
  );
  return `${cores === null ? '' : `${cores.toFixed(2)} cores, `}${formatAmount(memory, 'bytes')}`;
}

/** A container at its limit is ended by the kernel. */
export function memoryTone(fraction: number): Tone {
  return fraction >= 0.9 ? 'bad' : fraction >= 0.75 ? 'warn' : 'run';
}

export const originLooks: Record<RenderedVariable['origin'], { tone: Tone; label: string }> = {
  given: { tone: 'run', label: 'Given' },
  workspace: { tone: 'ok', label: 'Workspace' },
  previous: { tone: 'idle', label: 'As before' },
  template: { tone: 'idle', label: 'Template' },
  empty: { tone: 'idle', label: 'Empty' },
};

/** The variables in their groups, in the template's order. */
export function groupsOf(variables: readonly RenderedVariable[]): [string, RenderedVariable[]][] {
  const groups = new Map<string, RenderedVariable[]>();
  for (const variable of variables) {
    const group = groups.get(variable.group);
    if (group === undefined) groups.set(variable.group, [variable]);
    else group.push(variable);
  }
  return [...groups];
}

/** Whether the files can't be written before it has a value. */
export const isMissing = ({ origin, optional }: RenderedVariable): boolean => origin === 'empty' && !optional;
