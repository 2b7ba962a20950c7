import { useQuery } from '@tanstack/react-query';
import { Form, Select } from 'antd';
import type { SelectProps } from 'antd';
import { api, told } from '../api/client';
import type { AssetLine } from '../api/client';
import { useWords } from '../words/words';

/** What stands in a community and can be reported: lifts, pumps, gates. */
export const useAssets = (communityId: string | undefined) =>
  useQuery({
    queryKey: ['assets', communityId],
    queryFn: async ({ signal }) => {
      const all: AssetLine[] = [];
      let after: string | undefined;
      do {
        const page = await told(api.GET('/api/communities/{communityId}/assets', { params: { path: { communityId: communityId! }, query: { take: 200, after } }, signal }));
        all.push(...page.items);
        after = page.next ?? undefined;
      } while (after);
      return all;
    },
    enabled: !!communityId,
    staleTime: 10 * 60_000,
  });

/** Which lift, where there is one: beside the place, if some stand there; else among what is needed more seldom. */
export function AssetField({ communityId, placeId, here, named }: { communityId: string | undefined; placeId: string | undefined; here: boolean; named?: { value: string; label: string } }) {
  const { t, pick } = useWords();
  const all = useAssets(communityId).data ?? [];
  // What is out of use still stands where it was named.
  const gone = named && !all.some((a) => a.assetId === named.value) ? [named] : [];
  const there = placeId ? all.filter((a) => a.placeId === placeId) : [];
  if (all.length + gone.length === 0 || here !== there.length > 0) return null;
  const option = (a: AssetLine) => ({ value: a.assetId, label: `${pick(a.name, a.nameEn)} · ${a.code}${here ? '' : ` · ${pick(a.placeName, a.placeNameEn)}`}` });
  const elsewhere = here ? all.filter((a) => a.placeId !== placeId) : all;
  return (
    <Form.Item name="assetId" label={`${t('request.asset')} (${t('common.optional')})`}>
      <Select
        allowClear
        showSearch={{ optionFilterProp: 'label' }}
        options={(here ? [{ label: t('files.standsHere'), options: there.map(option) }, { label: t('files.elsewhere'), options: [...gone, ...elsewhere.map((a) => ({ ...option(a), label: `${option(a).label} · ${pick(a.placeName, a.placeNameEn)}` }))] }] : [...gone, ...all.map(option)]) as SelectProps['options']}
        data-field="asset"
      />
    </Form.Item>
  );
}
