import { Form, Select } from 'antd';
import { useStaff } from '../api/reference';
import { useWords } from '../words/words';

/** Of a complaint: the crew and the person that it is about, who do not find it where it is confidential, and are never in charge of it. */
export function AboutPick({ communityId, named }: { communityId: string | undefined; named?: { value: string; label: string } }) {
  const { t, word, options } = useWords();
  const staff = useStaff(communityId);
  const all = staff.data?.map((s) => ({ value: s.staffId, label: s.displayName })) ?? [];
  const optional = (label: string) => `${label} (${t('common.optional')})`;
  return (
    <div className="pair">
      <Form.Item name="aboutCrew" label={optional(word('requestField', 'aboutCrew'))}><Select allowClear options={options('crew')} placeholder={t('register.aboutCrewHint')} /></Form.Item>
      <Form.Item name="aboutStaffId" label={optional(word('requestField', 'aboutStaff'))}>
        <Select allowClear showSearch={{ optionFilterProp: 'label' }} loading={staff.isPending && !!communityId} options={named && !all.some((s) => s.value === named.value) ? [named, ...all] : all} />
      </Form.Item>
    </div>
  );
}
