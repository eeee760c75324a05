import type { ConnectionTest, ConnectionView, ImportResult } from '#shared/contract/connections';
import { AppError, toErrorShape } from '#shared/model/errors';
import {
  type End,
  ends,
  settingDefinitions,
  settingNames,
  settingNameSchema,
  type SettingName,
} from '#shared/model/settings';
import type { Settings } from '../../ports/settings';
import type { SettingChanges } from '../secrets/secret-store';
import { redactShape } from '../../engine/redact-event';
import { settingMissing, type WorkspaceSettings } from '../settings/settings';
import { normaliseSetting } from '../settings/validate';
import type { WorkspacesService } from '../workspaces/workspaces-service';
import { connectionView, missingSettings } from './connection-state';
import { importCompose } from './import-compose';
import { importEnv } from './import-env';
import type { ImportedSettings } from './imported-settings';
import { testRecord } from './test-record';

/** What a test finds out; the service adds end, time and duration. */
export type TestOutcome = Omit<ConnectionTest, 'end' | 'at' | 'latencyMs'>;
/** Tests one service with the given settings. Answers `ok: false` for a service's failure; rejects only when aborted. */
export type ConnectionTester = (settings: Settings, signal: AbortSignal) => Promise<TestOutcome>;

export interface ConnectionsOptions {
  workspaces: WorkspacesService;
  testers: Record<End, ConnectionTester>;
  /** Milliseconds after which a test is given up with `TIMED_OUT`. */
  testLimitMs: number;
}

/** The five ends of the open workspace. */
export interface ConnectionsService {
  list(): Promise<ConnectionView[]>;
  /** All or nothing: a value of the wrong form refuses the whole change. */
  update(changes: SettingChanges): Promise<ConnectionView[]>;
  test(end: End, signal: AbortSignal): Promise<ConnectionTest>;
  import(input: { format: 'env' | 'compose'; text: string; apply: boolean }): Promise<ImportResult>;
}

/** Makes the service over the open workspace. */
export function createConnectionsService(options: ConnectionsOptions): ConnectionsService {
  const { workspaces } = options;

  const list = async (): Promise<ConnectionView[]> => {
    const workspace = workspaces.opened();
    const settings = await workspace.settings();
    const tests = await testRecord(workspace.folder).read();
    return ends.map((end) => {
      const lastTest = tests[end];
      return { ...connectionView(end, settings), ...(lastTest === undefined ? {} : { lastTest }) };
    });
  };

  const update = async (changes: SettingChanges): Promise<ConnectionView[]> => {
    const workspace = workspaces.opened();
    const settings = await workspace.settings();
    const normal: SettingChanges = {};
    const touched = new Set<End>();
    for (const name of settingNames) {
      const value = changes[name];
      if (value === undefined) continue;
      if (settings.origin(name) === 'environment') throw fromEnvironment(name);
      const next = value === null || value.trim() === '' ? null : normaliseSetting(name, value);
      if (next === null && !settings.has(name)) continue;
      normal[name] = next;
      const { end } = settingDefinitions[name];
      if (end !== 'health') touched.add(end);
    }
    await workspaces.updateSettings(normal);
    await testRecord(workspace.folder).drop([...touched]);
    return list();
  };

  return {
    list,
    update,
    test: async (end, signal) => {
      const workspace = workspaces.opened();
      const settings = await workspace.settings();
      const record = testRecord(workspace.folder);
      const started = performance.now();
      const outcome = await testWithin(options, end, settings, signal);
      const test: ConnectionTest = redactedTest(settings, {
        ...outcome,
        end,
        at: new Date().toISOString(),
        latencyMs: Math.round(performance.now() - started),
      });
      await record.write(test);
      return test;
    },
    import: async ({ format, text, apply }) => {
      const settings = await workspaces.opened().settings();
      const imported = format === 'env' ? importEnv(text) : importCompose(text);
      const { result, changes } = fill(imported, settings);
      if (apply) await update(changes);
      return result;
    },
  };
}

async function testWithin(
  { testers, testLimitMs }: ConnectionsOptions,
  end: End,
  settings: WorkspaceSettings,
  signal: AbortSignal,
): Promise<TestOutcome> {
  const [missing] = missingSettings(end, settings);
  if (missing !== undefined) return failed(settingMissing(missing), missing);
  const cancelled = () => signal.aborted;
  if (cancelled()) throw testCancelled();
  const limited = new AbortController();
  const stop = () => limited.abort();
  const timer = setTimeout(stop, testLimitMs);
  signal.addEventListener('abort', stop, { once: true });
  // Raced, because a library may not heed the signal in every phase.
  const stopped = new Promise<never>((_resolve, reject) => {
    limited.signal.addEventListener('abort', () => reject(testCancelled()), { once: true });
  });
  try {
    return await Promise.race([testers[end](settings, limited.signal), stopped]);
  } catch (error) {
    if (cancelled()) throw testCancelled();
    if (!limited.signal.aborted) return failed(error);
    return failed(
      new AppError('TIMED_OUT', `There was no answer within ${Math.round(testLimitMs / 1000)} s.`, {
        hint: 'Check host and port, and that no firewall swallows the connection.',
        retryable: true,
      }),
    );
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}

function testCancelled(): AppError {
  return new AppError('CANCELLED', 'The test was cancelled.');
}

function failed(error: unknown, setting?: SettingName): TestOutcome {
  const shape = toErrorShape(error);
  const named = settingNameSchema.safeParse(shape.details?.setting);
  const at = setting ?? (named.success ? named.data : undefined);
  return { ok: false, facts: [], warnings: [], error: shape, ...(at === undefined ? {} : { setting: at }) };
}

/** Services put what they got into their messages; nothing of a test is kept or sent unredacted. */
function redactedTest(settings: Settings, test: ConnectionTest): ConnectionTest {
  const redact = (text: string) => settings.redact(text);
  return {
    ...test,
    facts: test.facts.map(({ label, value }) => ({ label, value: redact(value) })),
    warnings: test.warnings.map((warning) => ({
      ...warning,
      message: redact(warning.message),
      ...(warning.hint === undefined ? {} : { hint: redact(warning.hint) }),
    })),
    ...(test.error === undefined ? {} : { error: redactShape(redact, test.error) }),
  };
}

function fromEnvironment(name: SettingName): AppError {
  return new AppError('SETTING_INVALID', `${name} comes from the environment, which beats the workspace.`, {
    hint: 'Change it there, or start Cutover without that variable.',
    details: { setting: name },
  });
}

/** Sorts what was found into what can be stored and what can not. */
function fill(
  imported: ImportedSettings,
  settings: WorkspaceSettings,
): { result: ImportResult; changes: SettingChanges } {
  const filled: ImportResult['filled'] = [];
  const notFilled: ImportResult['notFilled'] = [];
  const changes: SettingChanges = {};
  for (const name of settingNames) {
    const found = imported.found[name];
    const reason = imported.missing[name];
    if (found === undefined) {
      if (reason !== undefined) notFilled.push({ setting: name, reason });
      continue;
    }
    if (settings.origin(name) === 'environment') {
      notFilled.push({ setting: name, reason: 'It comes from the environment, which beats the workspace.' });
      continue;
    }
    try {
      changes[name] = normaliseSetting(name, found.value);
      filled.push({ setting: name, from: found.from });
    } catch (error) {
      notFilled.push({ setting: name, reason: toErrorShape(error).message });
    }
  }
  return { result: { filled, notFilled, ignored: imported.ignored }, changes };
}
