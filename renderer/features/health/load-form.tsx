import { Button, NativeSelect, Textarea, TextInput } from '@mantine/core';
import { useState } from 'react';
import type { LoadOverview } from '#shared/contract/load';
import { type LoadCheck, loadCheckDefaults as usual, loadMoments } from '#shared/model/load-check';
import { Card } from '../../ui/card';
import { ConfirmDialog } from '../../ui/confirm-dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { useStartLoad } from './load-queries';
import { hostToName, type LoadForm as Form, momentNames, parseForm, tokenNames } from './load.logic';
import styles from './health.module.css';

const numbers = [
  { name: 'users', label: 'Users at once' },
  { name: 'seconds', label: 'Seconds of load' },
  { name: 'rampSeconds', label: 'Seconds to get there' },
  { name: 'p95Ms', label: 'Goal for p95, ms' },
] as const;

/** What to load, with how much and against which goal. */
export function LoadForm({ load }: { load: LoadOverview }) {
  const start = useStartLoad();
  const [form, setForm] = useState<Form>({
    origin: load.own[0] ?? '',
    paths: load.results[0]?.check.paths.join('\n') ?? '/health',
    users: String(usual.users),
    seconds: String(usual.seconds),
    rampSeconds: String(usual.rampSeconds),
    p95Ms: String(usual.goal.p95Ms),
    token: usual.token,
    moment: usual.moment,
  });
  const [tried, setTried] = useState(false);
  const [asked, setAsked] = useState<{ check: LoadCheck; host: string }>();
  const parsed = parseForm(form);
  const wrong = tried && 'wrong' in parsed ? parsed.wrong : {};
  const change = (part: Partial<Form>) => setForm({ ...form, ...part });
  const begin = (check: LoadCheck, consent?: string) =>
    start.mutate(consent === undefined ? { check } : { check, consent }, {
      onError: (error) => {
        const host = hostToName(error);
        if (host !== undefined) setAsked({ check, host });
      },
    });
  return (
    <Card title="New load check" padded>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          setTried(true);
          if ('check' in parsed) begin(parsed.check);
        }}
      >
        <TextInput
          label="Host"
          description="Scheme and host. One that is not in your settings is asked about first."
          placeholder="https://api.example.com"
          value={form.origin}
          error={wrong.origin}
          onChange={(event) => change({ origin: event.currentTarget.value })}
        />
        <Textarea
          label="Routes"
          description="One a line, asked with GET. The users are divided among them."
          autosize
          minRows={2}
          value={form.paths}
          error={wrong.paths}
          onChange={(event) => change({ paths: event.currentTarget.value })}
        />
        <div className={styles.four}>
          {numbers.map(({ name, label }) => (
            <TextInput
              key={name}
              label={label}
              inputMode="numeric"
              value={form[name]}
              error={wrong[name]}
              onChange={(event) => change({ [name]: event.currentTarget.value })}
            />
          ))}
        </div>
        <div className={styles.pair}>
          <NativeSelect
            label="Token"
            data={load.tokens.map((value) => ({ value, label: tokenNames[value] }))}
            value={form.token}
            onChange={({ currentTarget: { value } }) =>
              change({ token: load.tokens.find((token) => token === value) ?? 'none' })
            }
          />
          <NativeSelect
            label="For the comparison"
            data={loadMoments.map((value) => ({ value, label: momentNames[value] }))}
            value={form.moment}
            onChange={({ currentTarget: { value } }) =>
              change({ moment: loadMoments.find((moment) => moment === value) ?? 'other' })
            }
          />
        </div>
        {start.isError && hostToName(start.error) === undefined ? <ErrorPanel error={start.error} /> : null}
        <div className={styles.bar}>
          <span className="muted">
            It ends by itself when most requests fail, and after the time that is set.
          </span>
          <span className={styles.space} />
          <Button
            type="submit"
            variant="filled"
            loading={start.isPending}
            disabled={load.running !== undefined}
          >
            Start load
          </Button>
        </div>
      </form>
      <ConfirmDialog
        title="Load a host that is not in your settings?"
        opened={asked !== undefined}
        onClose={() => setAsked(undefined)}
        onConfirm={() => {
          if (asked !== undefined) begin(asked.check, asked.host);
        }}
        confirm="Start load"
        danger
        typed={asked?.host}
      >
        <p>
          {asked?.check.users} users will ask {asked?.host} without a pause for {asked?.check.seconds}{' '}
          seconds. Load that its owner does not expect is an attack.
        </p>
      </ConfirmDialog>
    </Card>
  );
}
