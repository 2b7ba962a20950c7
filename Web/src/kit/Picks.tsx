import { Select } from 'antd';
import { useEffect, useMemo, useState } from 'react';
import type { ReactNode } from 'react';
import type { CategoryLine, FoundRequest, RequestKind } from '../api/client';
import { useCategories, useFound, useTeams } from '../api/reference';
import { kindsEn, kindsZh } from '../words/kinds';
import { useWords } from '../words/words';
import { nothingOf } from './asked';
import { Behind } from './Behind';
import { keepPlace, keptPlace } from './kept';
import { composing, saves } from './keys';
import { rank } from './ranking';

/** Beside a list to choose from that could not be read: otherwise it would merely be empty. */
function Missing({ of }: { of: { isError: boolean; data: unknown; error: unknown; refetch: () => unknown } }) {
  return nothingOf(of) ? <Behind of={of} /> : null;
}

/** What something is now, by its name: it may have been retired since. */
interface Was {
  value: string;
  label: string;
}

/** What was chosen and can be chosen no more is not in the list: it is said to be so, with its name where that is known, instead of its id. */
function useGone(waits: boolean, was?: Was) {
  const { t } = useWords();
  return ({ label, value }: { label?: ReactNode; value?: string | number }) =>
    label && label !== value ? label : <span className="quiet">{waits ? '…' : was && was.value === value ? t('common.retired', { name: was.label }) : t('common.noLongerThere')}</span>;
}

const ranked = <T extends { called: Parameters<typeof rank>[1] }>(all: readonly T[], typed: string) =>
  all.map((o) => ({ ...o, rank: rank(typed, o.called) })).filter((o) => o.rank !== null).sort((a, b) => a.rank! - b.rank!);

/**
 * A category by typing a part of what it or anything above it is called: in characters, pinyin initials or English. Without a kind given, of
 * every kind. Whoever types faster than the list arrives has chosen all the same: the best match, once it is there.
 */
export function CategoryPick({ communityId, kind, value, was, onChange, done, waits, id }: {
  communityId: string | undefined; kind?: RequestKind; value?: string; was?: Was; onChange?: (id: string, category: CategoryLine | undefined) => void; done?: () => void; waits?: (isEarly: boolean) => void; id?: string;
}) {
  const { t, pick, word } = useWords();
  const [typed, setTyped] = useState('');
  const [early, setEarly] = useState('');
  const categories = useCategories(communityId);
  const all = useMemo(() => {
    const lines = categories.data ?? [];
    const byId = new Map(lines.map((c) => [c.categoryId, c]));
    const path = (c: CategoryLine): CategoryLine[] => [...(c.parentId && byId.has(c.parentId) ? path(byId.get(c.parentId)!) : []), c];
    return lines.map((c) => {
      const whole = path(c);
      return {
        value: c.categoryId,
        kind: c.kind,
        label: whole.map((p) => pick(p.name, p.nameEn)).join(' › '),
        called: { name: c.name, nameEn: c.nameEn, path: [kindsZh[c.kind], kindsEn[c.kind], ...whole.flatMap((p) => [p.name, p.nameEn])].join(' ') },
        hint: [!kind && word('requestKind', c.kind), c.crew && word('crew', c.crew), c.priority !== 'normal' && word('priority', c.priority)].filter(Boolean).join(' · '),
      };
    });
  }, [categories.data, kind, pick, word]);
  const fitting = useMemo(() => all.filter((c) => !kind || c.kind === kind), [all, kind]);
  const options = useMemo(
    () => (typed.trim() ? ranked(fitting, typed) : fitting),
    [fitting, typed],
  );
  const gone = useGone(categories.isPending, was);
  const choose = (chosen: string) => {
    setTyped('');
    onChange?.(chosen, categories.data?.find((c) => c.categoryId === chosen));
  };
  useEffect(() => {
    if (!early || !categories.data) return;
    const [best] = ranked(fitting, early);
    if (best) choose(best.value);
    setEarly('');
    waits?.(false);
  }, [early, categories.data]);

  return (
    <>
    <Select
      id={id}
      value={value ?? (early || undefined)}
      onChange={(chosen) => {
        choose(chosen);
        done?.();
      }}
      onInputKeyDown={(e) => {
        if (e.key !== 'Enter' || categories.data || !typed.trim() || composing(e) || saves(e)) return;
        setEarly(typed.trim());
        waits?.(true);
        done?.();
      }}
      options={options}
      labelRender={(o) => (o.value === early ? early : gone({ ...o, label: all.find((c) => c.value === o.value)?.label ?? o.label }))}
      loading={categories.isPending && !!communityId}
      placeholder={t('register.categoryPlaceholder')}
      showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }}
      onOpenChange={(open) => { if (!open) setTyped(''); }}
      notFoundContent={typed && categories.data ? t('register.noCategory') : undefined}
      optionRender={(o) => (
        <div className="option">
          <span>{o.data.label}</span>
          <span className="quiet">{o.data.hint}</span>
        </div>
      )}
    />
    <Missing of={categories} />
    </>
  );
}

/** A place by what it is called or its code: the homes offered first, then what the one box finds. */
export function PlacePick({ communityId, value, onChange, first = [], id, label }: {
  communityId: string | undefined; value?: string; onChange?: (id: string | undefined, name?: string) => void; first?: { value: string; label: string }[]; id?: string; label?: string;
}) {
  const { t, word, pick } = useWords();
  const [typed, setTyped] = useState('');
  const [chosen, setChosen] = useState<{ value: string; label: string }>();
  const found = useFound(typed, communityId);
  // What was chosen before a reload is called as it was then.
  const before = useMemo(() => (value ? keptPlace(value) : undefined), [value]);
  const places = typed ? (found.data?.places ?? []).map((p) => ({ value: p.placeId, label: pick(p.name, p.nameEn), hint: word('placeKind', p.kind) })) : [];
  const offered = [...first, ...(chosen ? [chosen] : []), ...(before ? [before] : []), ...places].filter((o, i, all) => all.findIndex((x) => x.value === o.value) === i);
  const shown = typed ? offered.filter((o) => places.some((p) => p.value === o.value) || o.label.includes(typed)) : offered;

  return (
    <>
    <Select
      id={id}
      allowClear
      value={value}
      showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }}
      onChange={(v, option) => {
        const name = v && option && !Array.isArray(option) ? String(option.label) : undefined;
        if (v && name) {
          setChosen({ value: v, label: name });
          keepPlace({ value: v, label: name });
        }
        setTyped('');
        onChange?.(v, name);
      }}
      options={shown}
      labelRender={({ label, value: id }) => (label && label !== id ? label : t('common.chosenBefore'))}
      loading={found.isFetching}
      aria-label={label}
      placeholder={label ?? t('register.placePlaceholder')}
      notFoundContent={typed && !found.isFetching ? t('common.none') : null}
    />
    {typed && <Missing of={found} />}
    </>
  );
}

/** A request by its number or what is in it. What was chosen before a reload is called as it was then. */
export function RequestPick({ communityId, value, onChange, id, offer }: {
  communityId: string | undefined; value?: string; onChange?: (id: string) => void; id?: string; offer: (found: FoundRequest) => { label: string; disabled?: boolean } | undefined;
}) {
  const { t } = useWords();
  const [typed, setTyped] = useState('');
  const found = useFound(typed, communityId);
  const before = useMemo(() => (value ? keptPlace(value) : undefined), [value]);
  const options = (typed ? (found.data?.requests ?? []) : []).flatMap((r) => { const o = offer(r); return o ? [{ value: r.requestId, ...o }] : []; });
  return (
    <>
      <Select
        id={id}
        value={value}
        showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }}
        onChange={(v: string, option) => {
          if (option && !Array.isArray(option)) keepPlace({ value: v, label: String(option.label) });
          setTyped('');
          onChange?.(v);
        }}
        options={typed || !before ? options : [before]}
        labelRender={({ label, value: chosen }) => (label && label !== chosen ? label : (before?.label ?? t('common.chosenBefore')))}
        loading={found.isFetching}
        notFoundContent={typed && !found.isFetching ? t('common.none') : null}
      />
      {typed && <Missing of={found} />}
    </>
  );
}

/** A customer by what the one box finds: name, number, home. */
export function CustomerPick({ communityId, value, onChange, first, id }: {
  communityId: string | undefined; value?: string; onChange?: (id: string | undefined) => void; first?: { value: string; label: string }; id?: string;
}) {
  const { t, pick } = useWords();
  const [typed, setTyped] = useState('');
  const found = useFound(typed, communityId);
  const before = useMemo(() => (value ? keptPlace(value) : undefined), [value]);
  const people = typed ? (found.data?.customers ?? []).map((c) => ({ value: c.customerId, label: c.name, hint: [c.phone, ...c.homes.map((h) => pick(h.name, h.nameEn))].filter(Boolean).join(' · ') })) : [];
  const offered = typed ? people : [first, before].filter((o) => o !== undefined).filter((o, i, all) => all.findIndex((x) => x.value === o.value) === i).map((o) => ({ ...o, hint: '' }));
  return (
    <>
    <Select
      id={id}
      allowClear
      value={value}
      showSearch={{ filterOption: false, searchValue: typed, onSearch: setTyped }}
      onChange={(v, option) => {
        if (v && option && !Array.isArray(option)) keepPlace({ value: v, label: String(option.label) });
        setTyped('');
        onChange?.(v);
      }}
      options={offered}
      optionRender={(o) => <div className="option"><span>{o.data.label}</span><span className="quiet">{o.data.hint}</span></div>}
      loading={found.isFetching}
      notFoundContent={typed && !found.isFetching ? t('common.none') : null}
    />
    {typed && <Missing of={found} />}
    </>
  );
}

/** A team; with a crew named, only of that one. */
export function TeamPick({ communityId, crew, value, onChange, id, except }: {
  communityId: string | undefined; crew?: string; value?: string; onChange?: (id: string | undefined) => void; id?: string; except?: string | null;
}) {
  const { pick, word, t } = useWords();
  const teams = useTeams(communityId);
  const gone = useGone(teams.isPending);
  const options = (teams.data ?? []).filter((team) => (!crew || team.crew === crew) && team.teamId !== except).map((team) => ({
    value: team.teamId,
    label: crew ? pick(team.name, team.nameEn) : `${pick(team.name, team.nameEn)} · ${word('crew', team.crew)}`,
  }));
  return <><Select id={id} allowClear={!!crew} value={value} onChange={onChange} options={options} labelRender={gone} loading={teams.isLoading} placeholder={crew ? t('moves.teamAny') : undefined} showSearch={{ optionFilterProp: 'label' }} /><Missing of={teams} /></>;
}

/** A member of a team. */
export function MemberPick({ communityId, teamId, value, onChange, id, except }: {
  communityId: string | undefined; teamId: string | null | undefined; value?: string; onChange?: (id: string | undefined) => void; id?: string; except?: string | null;
}) {
  const { t } = useWords();
  const teams = useTeams(communityId);
  const gone = useGone(teams.isPending);
  const members = teams.data?.find((team) => team.teamId === teamId)?.members ?? [];
  return (
    <Select
      id={id}
      allowClear
      disabled={!teamId}
      value={value}
      onChange={onChange}
      labelRender={gone}
      options={members.filter((m) => m.staffId !== except).map((m) => ({ value: m.staffId, label: m.displayName }))}
      placeholder={t('moves.assigneeAny')}
      showSearch={{ optionFilterProp: 'label' }}
    />
  );
}
