import { Radio } from 'antd';
import { useState } from 'react';
import { PlacePick } from '../kit/Picks';
import { useWords } from '../words/words';

const elsewhere = 'elsewhere';

/** Where it is: one of the caller's homes, side by side, or any other place by typing. */
export function WherePick({ communityId, homes, named, value, onChange, id, label }: {
  communityId: string | undefined; homes: { value: string; label: string }[]; named?: { value: string; label: string }; value?: string; onChange?: (id: string | undefined, name?: string) => void; id?: string; label: string;
}) {
  const { t } = useWords();
  const [away, setAway] = useState(false);
  const other = away || (!!value && !homes.some((h) => h.value === value));
  if (homes.length === 0 || homes.length > 6) {
    return <PlacePick id={id} communityId={communityId} value={value} onChange={onChange} first={[...homes, ...(named ? [named] : [])]} />;
  }
  return (
    <div className="stack tight">
      <Radio.Group
        className="homes"
        aria-label={label}
        value={other ? elsewhere : value}
        onChange={(e) => {
          setAway(e.target.value === elsewhere);
          onChange?.(e.target.value === elsewhere ? undefined : (e.target.value as string));
        }}
      >
        {homes.map((h) => <Radio key={h.value} value={h.value}>{h.label}</Radio>)}
        <Radio value={elsewhere}>{t('register.elsewhere')}</Radio>
      </Radio.Group>
      {other && <PlacePick id={id} communityId={communityId} value={value} onChange={onChange} first={named ? [named] : []} />}
    </div>
  );
}
