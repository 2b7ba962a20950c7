import { Select } from 'antd';
import type { ReactNode } from 'react';
import { useCommunities } from '../api/reference';
import { useFilters } from '../kit/filters';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** A page about one community at a time: which one stands in its address. Without one that its reader knows, the first. */
export function OfCommunity({ title, children }: { title: string; children: (communityId: string) => ReactNode }) {
  const { t, pick } = useWords();
  const communities = useCommunities().data ?? [];
  const [f, change] = useFilters(['community']);
  const community = communities.find((c) => c.communityId === f.community) ?? communities[0];
  useTitle(title);
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{title}</h1>
        {communities.length > 1 && (
          <Select value={community?.communityId} onChange={(id) => change({ community: id })} aria-label={t('common.community')} options={communities.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />
        )}
      </div>
      {community && children(community.communityId)}
    </div>
  );
}
