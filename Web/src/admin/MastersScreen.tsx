import { Empty, Grid, Select, Spin, Tabs } from 'antd';
import { useCommunities } from '../api/reference';
import { nothingOf } from '../kit/asked';
import { NoCommunities } from '../kit/Behind';
import { useFilters } from '../kit/filters';
import { useTitle } from '../Shell';
import { useWords } from '../words/words';
import { CalendarYear } from './masters/CalendarYear';
import { Categories } from './masters/Categories';
import { Codes } from './masters/Codes';
import { Community } from './masters/Community';
import { Places } from './masters/Places';
import { Teams } from './masters/Teams';

/** What a community consists of: places, categories, teams, the days on which it works. By who is administrator there. */
export default function MastersScreen() {
  const { t, pick } = useWords();
  const communities = useCommunities();
  const [f, change, clear] = useFilters(['community', 'part']);
  const mine = communities.data?.filter((c) => c.roles.includes('administrator')) ?? [];
  const community = mine.find((c) => c.communityId === f.community) ?? mine[0];
  const { md: wide = true } = Grid.useBreakpoint();
  useTitle(t('masters.title'));
  if (communities.isPending) return <Spin className="waiting" />;
  if (nothingOf(communities)) return <div className="stack"><h1>{t('masters.title')}</h1><NoCommunities of={communities} /></div>;
  if (!community) return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t('masters.notYours')} />;
  const id = community.communityId;
  const part = f.part ?? 'places';
  const choose = (chosen: string) => change({ part: chosen === 'places' ? undefined : chosen });
  const parts = [
    { key: 'places', label: t('masters.places'), children: <Places communityId={id} /> },
    { key: 'categories', label: t('masters.categories'), children: <Categories communityId={id} /> },
    { key: 'teams', label: t('masters.teams'), children: <Teams communityId={id} /> },
    { key: 'calendar', label: t('masters.calendar'), children: <CalendarYear communityId={id} /> },
    { key: 'codes', label: t('files.codes'), children: <Codes community={community} /> },
    { key: 'community', label: t('masters.community'), children: <Community community={community} show={(shown) => { clear(); change({ community: shown, part: 'places' }); }} /> },
  ];
  return (
    <div className="stack">
      <div className="row spread">
        <h1>{t('masters.title')}</h1>
        {mine.length > 1 && (
          <Select value={id} onChange={(v) => { clear(); change({ community: v, part: f.part }); }} aria-label={t('common.community')} options={mine.map((c) => ({ value: c.communityId, label: pick(c.name, c.nameEn) }))} />
        )}
      </div>
      {wide
        ? <Tabs key={id} activeKey={part} onChange={choose} destroyOnHidden items={parts} />
        : (
          <>
            <Select className="tabs" value={part} onChange={choose} aria-label={t('masters.title')} options={parts.map((p) => ({ value: p.key, label: p.label }))} />
            <div key={id} className="stack">{parts.find((p) => p.key === part)?.children}</div>
          </>
        )}
    </div>
  );
}
