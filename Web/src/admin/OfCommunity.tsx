import { Empty, Select, Spin } from 'antd';
import type { ReactNode } from 'react';
import type { Roles } from '../api/client';
import { useCommunities } from '../api/reference';
import { nothingOf } from '../kit/asked';
import { NoCommunities } from '../kit/Behind';
import { useFilters } from '../kit/filters';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';

/** A page about one community at a time: which one stands in its address. Without one that its reader knows, the first. With roles named, of those where its reader holds one. */
export function OfCommunity({ title, roles, children }: { title: string; roles?: readonly Roles[]; children: (communityId: string) => ReactNode }) {
  const { t, pick } = useWords();
  const asked = useCommunities();
  const communities = (asked.data ?? []).filter((c) => !roles || c.roles.some((r) => roles.includes(r)));
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
      {nothingOf(asked) ? <NoCommunities of={asked} /> : asked.isPending ? <Spin className="waiting" /> : community ? children(community.communityId) : <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('common.noneOfYours')} />}
    </div>
  );
}
