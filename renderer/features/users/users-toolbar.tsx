import { Button, Menu, NativeSelect, TextInput } from '@mantine/core';
import { useState } from 'react';
import { userSearchFields, userStates, userStateSchema, type UserFilter } from '#shared/model/users';
import { columnIds, userColumns } from './columns';
import { dayAfter, dayOf, dayStart, hiddenFilters, isFiltered, stateNames } from './users.logic';
import styles from './users.module.css';
import { useUsersView } from './view-store';
import { ViewsDialog } from './views-dialog';

type SearchField = (typeof userSearchFields)[number];

const fieldNames: Record<SearchField, string> = {
  any: 'Everywhere',
  email: 'In e-mail',
  emailStart: 'E-mail begins',
  phone: 'Phone begins',
  id: 'ID begins',
  name: 'In name',
  metadata: 'In metadata',
};

/** What the Auth service calls the ways to sign in. */
const providers = [
  'email',
  'phone',
  'google',
  'github',
  'apple',
  'azure',
  'facebook',
  'gitlab',
  'bitbucket',
  'discord',
  'linkedin_oidc',
  'slack_oidc',
  'twitter',
  'twitch',
  'spotify',
  'notion',
  'keycloak',
  'kakao',
  'figma',
  'workos',
  'zoom',
];

function YesNo({
  label,
  value,
  onChange,
}: {
  label: string;
  value: boolean | undefined;
  onChange: (value: boolean | undefined) => void;
}) {
  return (
    <NativeSelect
      aria-label={label}
      value={value === undefined ? '' : String(value)}
      onChange={(event) => {
        const { value: chosen } = event.currentTarget;
        onChange(chosen === '' ? undefined : chosen === 'true');
      }}
      data={[
        { value: '', label: `${label}: any` },
        { value: 'true', label: `${label}: yes` },
        { value: 'false', label: `${label}: no` },
      ]}
    />
  );
}

/** Days from and to, both inclusive. */
function Span({
  label,
  from,
  to,
  onChange,
}: {
  label: string;
  from: string | undefined;
  to: string | undefined;
  onChange: (from: string | undefined, to: string | undefined) => void;
}) {
  return (
    <div className={styles.span} role="group" aria-label={label}>
      <span className="t2">{label}</span>
      <TextInput
        type="date"
        aria-label={`${label} from`}
        value={dayOf(from, false)}
        onChange={({ currentTarget: { value } }) => onChange(value === '' ? undefined : dayStart(value), to)}
      />
      <span className="muted">to</span>
      <TextInput
        type="date"
        aria-label={`${label} to`}
        value={dayOf(to, true)}
        onChange={({ currentTarget: { value } }) =>
          onChange(from, value === '' ? undefined : dayAfter(value))
        }
      />
    </div>
  );
}

function MoreFilters() {
  const { filter, setFilter } = useUsersView();
  return (
    <div className={styles.filters}>
      <YesNo label="Second factor" value={filter.mfa} onChange={(mfa) => setFilter({ mfa })} />
      <YesNo label="Migrated" value={filter.migrated} onChange={(migrated) => setFilter({ migrated })} />
      <NativeSelect
        aria-label="Sign-in"
        value={filter.neverSignedIn === true ? 'never' : ''}
        onChange={({ currentTarget: { value } }) =>
          setFilter({ neverSignedIn: value === 'never' ? true : undefined })
        }
        data={[
          { value: '', label: 'Signed in: any' },
          { value: 'never', label: 'Signed in: never' },
        ]}
      />
      <Span
        label="Created"
        from={filter.createdFrom}
        to={filter.createdTo}
        onChange={(createdFrom, createdTo) => setFilter({ createdFrom, createdTo })}
      />
      <Span
        label="Last sign-in"
        from={filter.signedInFrom}
        to={filter.signedInTo}
        onChange={(signedInFrom, signedInTo) => setFilter({ signedInFrom, signedInTo })}
      />
    </div>
  );
}

function ColumnsMenu() {
  const { columns, setColumns } = useUsersView();
  return (
    <Menu closeOnItemClick={false} position="bottom-end">
      <Menu.Target>
        <Button>Columns</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {columnIds.slice(1).map((id) => (
          <Menu.CheckboxItem
            key={id}
            checked={columns.includes(id)}
            onChange={(wanted) =>
              setColumns(columnIds.filter((item) => (item === id ? wanted : columns.includes(item))))
            }
          >
            {userColumns[id].header}
          </Menu.CheckboxItem>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

/** Search, filters and columns of the list. */
export function UsersToolbar({ onReload }: { onReload: () => void }) {
  const { text, filter, setText, setFilter, clear } = useUsersView();
  const [wide, setWide] = useState(false);
  const [views, setViews] = useState(false);
  const hidden = hiddenFilters(filter);
  const setField = (value: string) => {
    const field = userSearchFields.find((item) => item === value);
    setFilter({ field: field === 'any' ? undefined : field });
  };
  const setState = (value: string) => setFilter({ state: userStateSchema.safeParse(value).data });
  const filtered = text !== '' || isFiltered(omitField(filter));
  return (
    <div className={styles.toolbar}>
      <div className={styles.filters}>
        <TextInput
          type="search"
          className={styles.search ?? ''}
          aria-label="Search users"
          placeholder="E-mail, phone, ID, name or metadata"
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <NativeSelect
          aria-label="Where to search"
          value={filter.field ?? 'any'}
          onChange={(event) => setField(event.currentTarget.value)}
          data={userSearchFields.map((value) => ({ value, label: fieldNames[value] }))}
        />
        <NativeSelect
          aria-label="Status"
          value={filter.state ?? ''}
          onChange={(event) => setState(event.currentTarget.value)}
          data={[
            { value: '', label: 'Status: any' },
            ...userStates.map((value) => ({ value, label: stateNames[value] })),
          ]}
        />
        <NativeSelect
          aria-label="Provider"
          value={filter.provider ?? ''}
          onChange={({ currentTarget: { value } }) =>
            setFilter({ provider: value === '' ? undefined : value })
          }
          data={[{ value: '', label: 'Provider: any' }, ...providers]}
        />
        <Button aria-expanded={wide} onClick={() => setWide(!wide)}>
          {hidden === 0 ? 'More filters' : `More filters (${hidden})`}
        </Button>
        {filtered ? <Button onClick={clear}>Clear</Button> : null}
        <span className={styles.toolbarEnd}>
          <Button onClick={() => setViews(true)}>Views</Button>
          <ColumnsMenu />
          <Button onClick={onReload}>Reload</Button>
        </span>
      </div>
      {wide ? <MoreFilters /> : null}
      <ViewsDialog opened={views} onClose={() => setViews(false)} />
    </div>
  );
}

function omitField({ field: _field, ...rest }: Omit<UserFilter, 'text'>): UserFilter {
  return rest;
}
