import { Button, PasswordInput, TextInput } from '@mantine/core';
import { useId } from 'react';
import type { SettingView } from '#shared/contract/connections';
import { settingDefinitions } from '#shared/model/settings';
import { Tag } from '../../ui/tag';
import styles from './connections.module.css';

interface SettingFieldProps {
  setting: SettingView;
  /** What was typed and not saved; null when it is to be removed. */
  draft: string | null | undefined;
  /** Undefined takes the draft back. */
  onDraft: (value: string | null | undefined) => void;
  error: string | undefined;
}

function SetSecret({ setting, draft, onDraft, error }: SettingFieldProps) {
  const { label, help } = settingDefinitions[setting.name];
  const labelId = useId();
  const removing = draft === null;
  return (
    <div className={styles.secret} role="group" aria-labelledby={labelId}>
      <div>
        <div id={labelId} className={styles.label}>
          {label}
        </div>
        <div className={styles.help}>{help}</div>
      </div>
      <div className={styles.secretLine}>
        <Tag tone={removing ? 'warn' : 'ok'}>{removing ? 'Will be removed' : 'Set'}</Tag>
        {removing ? (
          <Button onClick={() => onDraft(undefined)} aria-label={`Keep ${label}`}>
            Keep
          </Button>
        ) : (
          <>
            <Button onClick={() => onDraft('')} aria-label={`Replace ${label}`}>
              Replace
            </Button>
            <Button onClick={() => onDraft(null)} aria-label={`Remove ${label}`}>
              Remove
            </Button>
          </>
        )}
      </div>
      {error === undefined ? null : (
        <div className={styles.fieldError} role="alert">
          {error}
        </div>
      )}
    </div>
  );
}

function FromEnvironment({ setting, error }: Pick<SettingFieldProps, 'setting' | 'error'>) {
  const { label, help, secret } = settingDefinitions[setting.name];
  return (
    <TextInput
      label={label}
      description={`${help} Read from the environment variable ${setting.name}; change it there.`}
      value={secret ? 'Set, not shown' : (setting.value ?? '')}
      error={error}
      readOnly
      classNames={{ input: styles.readOnly ?? '' }}
    />
  );
}

/** One setting as a form field. A secret that is set is never shown: it can be replaced or removed. */
export function SettingField(props: SettingFieldProps) {
  const { setting, draft, onDraft, error } = props;
  const { label, help, placeholder, secret, required } = settingDefinitions[setting.name];
  if (setting.origin === 'environment') return <FromEnvironment setting={setting} error={error} />;
  if (secret && setting.set && typeof draft !== 'string') return <SetSecret {...props} />;
  const common = {
    label,
    description: help,
    placeholder,
    withAsterisk: required,
    'aria-required': required,
    error,
    value: draft ?? (draft === null ? '' : (setting.value ?? '')),
    onChange: (event: { currentTarget: { value: string } }) => onDraft(event.currentTarget.value),
    spellCheck: false,
    autoComplete: 'off',
  };
  if (!secret) return <TextInput {...common} />;
  return (
    <div className={styles.replace}>
      <PasswordInput {...common} autoComplete="new-password" />
      {setting.set ? (
        <Button onClick={() => onDraft(undefined)} aria-label={`Keep the present ${label}`}>
          Keep the present one
        </Button>
      ) : null}
    </div>
  );
}
