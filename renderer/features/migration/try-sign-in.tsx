import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useState } from 'react';
import { Card } from '../../ui/card';
import { ErrorPanel } from '../../ui/error-panel';
import { Tag } from '../../ui/tag';
import styles from './migration.module.css';
import { useTrySignIn } from './queries';

interface Tried {
  login: string;
  taken: boolean;
  said: string;
}

/** Signs a test user in with the password of the old login, for real; what is typed is kept nowhere. */
export function TrySignIn() {
  const [login, setLogin] = useState('');
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState<readonly Tried[]>([]);
  const attempt = useTrySignIn();
  const who = login.trim();
  const ready = who.length > 2 && password !== '';
  return (
    <Card title="Try old passwords" padded>
      <p className="t2">
        Cutover has signed in with a user of its own. Try users whose password you know as well: it is a real
        sign-in at Supabase, ended at once. The password is kept nowhere.
      </p>
      <form
        className={styles.tryForm}
        onSubmit={(event) => {
          event.preventDefault();
          if (!ready) return;
          attempt.mutate(
            { login: who, password },
            {
              onSuccess: (answer) =>
                setTried((before) => [
                  {
                    login: who,
                    taken: answer.taken,
                    said: answer.taken ? 'The password is taken.' : answer.why,
                  },
                  ...before,
                ]),
            },
          );
          setPassword('');
        }}
      >
        <TextInput
          label="E-mail or phone"
          value={login}
          onChange={(event) => setLogin(event.currentTarget.value)}
          autoComplete="off"
        />
        <PasswordInput
          label="Old password"
          value={password}
          onChange={(event) => setPassword(event.currentTarget.value)}
          autoComplete="off"
        />
        <Button type="submit" disabled={!ready} loading={attempt.isPending}>
          Try to sign in
        </Button>
      </form>
      {attempt.isError ? <ErrorPanel error={attempt.error} /> : null}
      {tried.length === 0 ? null : (
        <ul className={styles.points} aria-label="Tried sign-ins" aria-live="polite">
          {tried.map(({ login: name, taken, said }, place) => (
            <li key={tried.length - place}>
              <Tag tone={taken ? 'ok' : 'bad'}>{taken ? 'Signed in' : 'Refused'}</Tag>
              <span className="break">{`${name}: ${said}`}</span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
