import { Select } from 'antd';
import { useDeferredValue, useMemo, useState } from 'react';
import type { CategoryLine, RequestKind } from '../api/client';
import { useCategories, useSearch, useTeams } from '../api/reference';
import { useWords } from '../words/words';

/** A category by typing any part of its path, in either language. */
export function CategoryPick({ communityId, kind, value, onChange, id }: {
  communityId: string | undefined; kind?: RequestKind; value?: string; onChange?: (id: string, category: CategoryLine | undefined) => void; id?: string;
}) {
  const { t, pick, word } = useWords();
  const categories = useCategories(communityId);
  const options = useMemo(() => {
    const all = categories.data ?? [];
    const byId = new Map(all.map((c) => [c.categoryId, c]));
    const path = (c: CategoryLine): CategoryLine[] => [...(c.parentId && byId.has(c.parentId) ? path(byId.get(c.parentId)!) : []), c];
    return all.filter((c) => !kind || c.kind === kind).map((c) => {
      const whole = path(c);
      return {
        value: c.categoryId,
        label: whole.map((p) => pick(p.name, p.nameEn)).join(' › '),
        find: whole.flatMap((p) => [p.name, p.nameEn, p.code]).join(' ').toLowerCase(),
        hint: [c.crew && word('crew', c.crew), c.priority !== 'normal' && word('priority', c.priority)].filter(Boolean).join(' · '),
      };
    });
  }, [categories.data, kind, pick, word]);

  return (
    <Select
      id={id}
      value={value}
      onChange={(v) => onChange?.(v, categories.data?.find((c) => c.categoryId === v))}
      options={options}
      loading={categories.isLoading}
      placeholder={t('register.categoryPlaceholder')}
      showSearch={{ filterOption: (typed, option) => typed.toLowerCase().split(/\s+/).every((part) => option!.find.includes(part)) }}
      optionRender={(o) => (
        <div className="option">
          <span>{o.data.label}</span>
          <span className="quiet">{o.data.hint}</span>
        </div>
      )}
    />
  );
}

/** A place by what it is called or its code: the homes offered first, then what the one box finds. */
export function PlacePick({ communityId, value, onChange, first = [], id }: {
  communityId: string | undefined; value?: string; onChange?: (id: string | undefined) => void; first?: { value: string; label: string }[]; id?: string;
}) {
  const { t, word } = useWords();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState<{ value: string; label: string }>();
  const found = useSearch(useDeferredValue(typed), communityId);
  const places = typed ? (found.data?.places ?? []).map((p) => ({ value: p.placeId, label: p.name, hint: word('placeKind', p.kind) })) : [];
  const offered = [...first, ...(chosen ? [chosen] : []), ...places].filter((o, i, all) => all.findIndex((x) => x.value === o.value) === i);
  const shown = typed ? offered.filter((o) => places.some((p) => p.value === o.value) || o.label.includes(typed)) : offered;

  return (
    <Select
      id={id}
      allowClear
      value={value}
      showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }}
      onChange={(v, option) => {
        if (v && option && !Array.isArray(option)) setChosen({ value: v, label: String(option.label) });
        setTyped('');
        onChange?.(v);
      }}
      options={shown}
      loading={found.isFetching}
      placeholder={t('register.placePlaceholder')}
      notFoundContent={typed && !found.isFetching ? t('common.none') : null}
    />
  );
}

/** A team; with a crew named, only of that one. */
export function TeamPick({ communityId, crew, value, onChange, id, except }: {
  communityId: string | undefined; crew?: string; value?: string; onChange?: (id: string | undefined) => void; id?: string; except?: string | null;
}) {
  const { pick, word, t } = useWords();
  const teams = useTeams(communityId);
  const options = (teams.data ?? []).filter((team) => (!crew || team.crew === crew) && team.teamId !== except).map((team) => ({
    value: team.teamId,
    label: crew ? pick(team.name, team.nameEn) : `${pick(team.name, team.nameEn)} · ${word('crew', team.crew)}`,
  }));
  return <Select id={id} allowClear={!!crew} value={value} onChange={onChange} options={options} loading={teams.isLoading} placeholder={crew ? t('moves.teamAny') : undefined} showSearch={{ optionFilterProp: 'label' }} />;
}

/** A member of a team. */
export function MemberPick({ communityId, teamId, value, onChange, id, except }: {
  communityId: string | undefined; teamId: string | null | undefined; value?: string; onChange?: (id: string | undefined) => void; id?: string; except?: string | null;
}) {
  const { t } = useWords();
  const teams = useTeams(communityId);
  const members = teams.data?.find((team) => team.teamId === teamId)?.members ?? [];
  return (
    <Select
      id={id}
      allowClear
      disabled={!teamId}
      value={value}
      onChange={onChange}
      options={members.filter((m) => m.staffId !== except).map((m) => ({ value: m.staffId, label: m.displayName }))}
      placeholder={t('moves.assigneeAny')}
      showSearch={{ optionFilterProp: 'label' }}
    />
  );
}
