import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { type ActivityArea, activityAreas, activityAreaSchema } from '#shared/model/activity';
import { Card } from '../../ui/card';
import { EmptyState } from '../../ui/empty-state';
import { ErrorPanel } from '../../ui/error-panel';
import { plural } from '../../ui/format';
import { Loading } from '../../ui/loading';
import { PageBody, PageHeader } from '../../ui/page-header';
import { areaNames } from './activity.logic';
import styles from './activity.module.css';
import { ActivityList } from './activity-list';
import { useActivity } from './queries';

/** Who did what, when, and what it changed. */
export function ActivityPage() {
  const [area, setArea] = useState<ActivityArea>();
  const [text, setText] = useState('');
  const [sought] = useDebouncedValue(text.trim(), 250);
  const activity = useActivity({ area, text: sought });
  const entries = activity.data?.pages.flatMap((page) => page.entries) ?? [];
  const filtered = area !== undefined || sought !== '';
  return (
    <>
      <PageHeader title="Activity" />
      <PageBody>
        <div className={styles.filters}>
          <NativeSelect
            aria-label="Area"
            data={[
              { value: '', label: 'All areas' },
              ...activityAreas.map((value) => ({ value, label: areaNames[value] })),
            ]}
            value={area ?? ''}
            onChange={({ currentTarget: { value } }) =>
              setArea(value === '' ? undefined : activityAreaSchema.parse(value))
            }
          />
          <TextInput
            aria-label="Search activity"
            placeholder="Search by action, target or person"
            value={text}
            onChange={(event) => setText(event.currentTarget.value)}
          />
        </div>
        {activity.isPending ? (
          <Loading>Reading activity</Loading>
        ) : activity.isError ? (
          <ErrorPanel error={activity.error} retry={() => void activity.refetch()} />
        ) : (
          <Card
            title="Activity"
            right={
              activity.hasNextPage ? `newest ${entries.length}` : plural(entries.length, 'entry', 'entries')
            }
          >
            {entries.length === 0 ? (
              <EmptyState title={filtered ? 'Nothing matches' : 'Nothing has been done yet'}>
                {filtered
                  ? 'No act fits the area and the search.'
                  : 'Every change that is made with Cutover in this workspace appears here.'}
              </EmptyState>
            ) : (
              <ActivityList entries={entries} />
            )}
            {activity.hasNextPage ? (
              <div className={styles.more}>
                <Button
                  variant="default"
                  loading={activity.isFetchingNextPage}
                  onClick={() => void activity.fetchNextPage()}
                >
                  Show older entries
                </Button>
              </div>
            ) : null}
          </Card>
        )}
      </PageBody>
    </>
  );
}
