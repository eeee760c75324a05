import { isCancelled, toAppError } from '#shared/model/errors';
import { lanes, type Lane, type PlanView } from '#shared/model/run';
import { hashJson, toJson } from './canonical-json';
import type { AnyStep } from './step';
import { orderSteps } from './step-order';

export interface PlannedRun {
  /** Plans by step id, as the steps made them; plain JSON. */
  raw: Record<string, unknown>;
  view: PlanView;
}

export interface PlanRunOptions<Ports> {
  steps: readonly AnyStep<Ports>[];
  ports: Ports;
  only: readonly Lane[];
  signal: AbortSignal;
  now?: () => Date;
}

/** The lanes asked for, each once and in the order of {@link lanes}, so that equal requests give equal plans. */
export function normalLanes(only: readonly Lane[]): Lane[] {
  return lanes.filter((lane) => only.includes(lane));
}

/** The hash that an operator's approval and a resumed run are held to. */
export function hashPlans(
  only: readonly Lane[],
  steps: readonly { id: string; version: number }[],
  raw: Readonly<Record<string, unknown>>,
): string {
  return hashJson({
    only: normalLanes(only),
    steps: steps.map(({ id, version }) => ({ id, version, plan: raw[id] ?? null })),
  });
}

/**
 * Plans the steps of the chosen lanes in dependency order. Reads only. Rejects with the first step's AppError, placed on
 * that step, or `CANCELLED`.
 */
export async function planRun<Ports>(options: PlanRunOptions<Ports>): Promise<PlannedRun> {
  const { ports, signal, now = () => new Date() } = options;
  const only = normalLanes(options.only);
  const steps = orderSteps(options.steps.filter((step) => only.includes(step.lane)));
  const raw: Record<string, unknown> = {};
  for (const step of steps) {
    try {
      signal.throwIfAborted();
      raw[step.id] = toJson(
        await step.plan({
          ports,
          signal,
          log: () => undefined,
          progress: () => undefined,
          outputOf: () => undefined,
        }),
      );
    } catch (error) {
      throw isCancelled(error) ? toAppError(error) : toAppError(error).at(step.id);
    }
  }
  return {
    raw,
    view: {
      hash: hashPlans(only, steps, raw),
      createdAt: now().toISOString(),
      only,
      steps: steps.map((step) => step.describe(raw[step.id])),
    },
  };
}
