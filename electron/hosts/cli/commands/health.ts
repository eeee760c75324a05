import type { CheckView, HealthOverview, HealthState, ServiceView } from '#shared/model/health';
import { worstState } from '#shared/model/health';
import type { CommandContext } from '../context';
import { type ExitCode, exitCodes } from '../exit-codes';
import type { Output, Tone } from '../output';
import { type SessionOptions, withSession } from '../session';

export interface HealthOptions {
  watch?: boolean;
  service?: string;
  /** The mildest state that makes the command fail. */
  failOn?: 'unknown' | 'degraded' | 'down';
}

const tones: Record<HealthState, Tone> = { healthy: 'good', degraded: 'warn', down: 'bad', unknown: 'dim' };
const watchPauseMs = 10_000;
const rank: Record<HealthState, number> = { healthy: 0, unknown: 1, degraded: 2, down: 3 };

/** Checks every service, once or again and again until one fails. Fails by state, so that cron and CI can act on it. */
export function health(context: CommandContext, options: SessionOptions & HealthOptions): Promise<ExitCode> {
  const { output, signal } = context;
  return withSession(context, options, { secrets: 'ask' }, async ({ handlers }) => {
    // Watching keeps to the interval of each check: some write, sign in or are limited in how often they may ask.
    const ask = () =>
      handlers['health.checkNow'](
        { due: true, ...(options.service === undefined ? {} : { service: options.service }) },
        { signal },
      );
    const fails = (services: readonly ServiceView[], from: HealthState) =>
      rank[worstState(services.map(({ state }) => state))] >= rank[from];
    const chosen = (overview: HealthOverview) =>
      overview.services.filter(({ id }) => options.service === undefined || id === options.service);
    if (options.watch !== true) {
      const overview = await ask();
      const services = chosen(overview);
      await output.document({ at: overview.at, services });
      print(output, services);
      return fails(services, options.failOn ?? 'down') ? exitCodes.failed : exitCodes.done;
    }
    for (;;) {
      const overview = await ask();
      if (signal.aborted) return exitCodes.cancelled;
      await output.event({ at: overview.at, services: chosen(overview) });
      output.line(overview.at);
      print(output, chosen(overview));
      if (options.failOn !== undefined && fails(chosen(overview), options.failOn)) return exitCodes.failed;
      await pause(watchPauseMs, signal);
    }
  });
}

function print(output: Output, services: readonly ServiceView[]): void {
  if (services.length === 0) {
    output.line(
      'Nothing is set up that could be checked. Enter settings under Connections, or give --env-file.',
    );
    return;
  }
  const width = Math.max(...services.map(({ title }) => title.length));
  for (const service of services) {
    const state = output.paint(tones[service.state], service.state.padEnd(8));
    output.line(
      `${state}  ${service.title.padEnd(width)}  ${(service.reading ?? '').padStart(9)}  ${service.summary}`,
    );
    for (const check of service.checks) printFindings(output, check);
  }
}

function printFindings(output: Output, { title, findings }: CheckView): void {
  for (const { code, message, remedy } of findings) {
    output.line(`          ${title}: ${code}: ${message}`);
    output.line(`          ${remedy}`);
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
