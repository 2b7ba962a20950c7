import { Button, Select } from 'antd';
import type { Crew, Priority } from '../api/client';
import { useCommunities } from '../api/reference';
import { useWords } from '../words/words';
import { useFilters } from './filters';

const names = ['community', 'crew', 'priority'] as const;

/** By what a list of work is narrowed, in the address. */
export function useNarrowed() {
  const [f, change] = useFilters(names);
  return { f, change, communityId: f.community, crew: f.crew as Crew | undefined, priority: f.priority as Priority | undefined };
}

/** Only one community's, where there are several; only one crew's; only what is urgent: where the list can be narrowed so. */
export function Narrow({ by: { f, change, communityId, crew, priority }, crews, priorities }: { by: ReturnType<typeof useNarrowed>; crews?: boolean; priorities?: boolean }) {
  const { t, options, pick } = useWords();
  const communities = useCommunities().data ?? [];
  if (communities.length < 2 && !crews && !priorities && !communityId) return null;
  return (
    <div className="filters" role="group" aria-label={t('common.narrow')} data-part="narrow">
      {(communities.length > 1 || communityId) && (
        <Select
          allowClear aria-label={t('common.community')} placeholder={t('common.community')} value={communityId} onChange={(v?: string) => change({ community: v })}
          options={communities.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} labelRender={({ label, value }) => (label && label !== value ? label : t('common.noLongerThere'))}
        />
      )}
      {crews && <Select allowClear aria-label={t('common.crew')} placeholder={t('common.crew')} value={crew} onChange={(v?: Crew) => change({ crew: v })} options={options('crew')} />}
      {priorities && <Select allowClear aria-label={t('common.priority')} placeholder={t('common.priority')} value={priority} onChange={(v?: Priority) => change({ priority: v })} options={options('priority')} />}
      {Object.keys(f).length > 0 && <Button type="link" onClick={() => change({ community: undefined, crew: undefined, priority: undefined })} data-act="clear-narrow">{t('common.reset')}</Button>}
    </div>
  );
}
