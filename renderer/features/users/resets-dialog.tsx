import { Button } from '@mantine/core';
import { useState } from 'react';
import type { ResetsState } from '#shared/contract/users';
import { Dialog } from '../../ui/dialog';
import { ErrorPanel } from '../../ui/error-panel';
import { Facts } from '../../ui/facts';
import { formatCount, plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { ProgressBar } from '../../ui/progress-bar';
import { useResets, useSendResets } from './queries';
import styles from './users.module.css';
import { wholeNumber } from '../../ui/whole-number.logic';
import { WholeNumberField } from '../../ui/whole-number-field';

const usualPace = 30;

function Sending({ run, waiting }: { run: NonNullable<ResetsState['run']>; waiting: number }) {
  const { running, sent, refused, refusals, waiting: why, stopped } = run;
  const all = sent + waiting;
  return (
    <>
      <ProgressBar
        label="Mails given to the service"
        fraction={all === 0 ? 1 : sent / all}
        tone={running ? 'run' : waiting === 0 && refused === 0 ? 'ok' : 'warn'}
      />
      <p role="status">
        {`${plural(sent, 'mail')} given to the service${refused === 0 ? '' : `, ${formatCount(refused)} refused`}. `}
        {running
          ? (why ?? `At most ${formatCount(run.perHour)} an hour; it goes on when this window is closed.`)
          : ''}
      </p>
      {refusals.length === 0 ? null : (
        <ul className={styles.results} aria-label="Refused" tabIndex={0}>
          {refusals.map(({ email, reason }) => (
            <li key={email}>
              <strong>{email}</strong>: {reason}
            </li>
          ))}
        </ul>
      )}
      {stopped === undefined ? null : <ErrorPanel error={stopped} title="It stopped before the end" />}
    </>
  );
}

function Resets({ state, onClose }: { state: ResetsState; onClose: () => void }) {
  const [pace, setPace] = useState(String(usualPace));
  const send = useSendResets();
  const { waiting, mailed, chosen, banned, unreachable, run } = state;
  const perHour = wholeNumber(pace, 1, 36_000);
  const running = run?.running === true;
  return (
    <form
      className={styles.form}
      onSubmit={(event) => {
        event.preventDefault();
        if (perHour !== undefined && !running) send.mutate({ perHour });
      }}
    >
      <p className="t2">
        Imported users whose old password hash Supabase Auth refuses have no password. The service can write
        to each of them, so that they choose a new one; the most recently active come first. Whoever had a
        mail is not written to again.
      </p>
      <Facts
        items={[
          { label: 'Wait for a mail', value: formatCount(waiting) },
          { label: 'Have a mail, no password yet', value: formatCount(mailed) },
          { label: 'Have a password again', value: formatCount(chosen) },
          { label: 'Banned, get none', value: formatCount(banned) },
          { label: 'Without an address', value: formatCount(unreachable) },
        ]}
      />
      {run === undefined ? null : <Sending run={run} waiting={waiting} />}
      {running || waiting === 0 ? null : (
        <WholeNumberField
          label="Mails an hour, at most"
          description="The project’s built-in sender takes two an hour; with an SMTP server of your own, its limit is set in the project’s Auth settings."
          min={1}
          max={36_000}
          value={pace}
          onChange={setPace}
        />
      )}
      {send.isError ? <ErrorPanel error={send.error} /> : null}
      <div className={styles.formButtons}>
        <Button onClick={onClose}>Close</Button>
        {running ? (
          <Button loading={send.isPending} onClick={() => send.mutate('stop')}>
            Stop sending
          </Button>
        ) : (
          <Button
            type="submit"
            variant="filled"
            disabled={waiting === 0 || perHour === undefined}
            loading={send.isPending}
          >
            {waiting === 0 ? 'Nobody waits' : `Write to ${plural(waiting, 'user')}`}
          </Button>
        )}
      </div>
    </form>
  );
}

function LoadedResets({ onClose }: { onClose: () => void }) {
  const state = useResets();
  if (state.isPending) return <Loading>Counting</Loading>;
  if (state.isError) return <ErrorPanel error={state.error} retry={() => void state.refetch()} />;
  return <Resets state={state.data} onClose={onClose} />;
}

/** Mails for new passwords: how many wait, at what pace they go out, how far it has come. Nothing is sent before the operator says so. */
export function ResetsDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Dialog title="Reset mails" opened={opened} onClose={onClose} size={560}>
      <LoadedResets onClose={onClose} />
    </Dialog>
  );
}
