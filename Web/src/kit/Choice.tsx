import { Radio } from 'antd';

/** One of a few, side by side. Unlike a segmented control it shows nothing as chosen before something is. */
export function Choice({ options, value, onChange, id }: { options: { value: string; label: string }[]; value?: string; onChange?: (value: string) => void; id?: string }) {
  return <Radio.Group id={id} className="choice" block optionType="button" options={options} value={value} onChange={(e) => onChange?.(e.target.value as string)} />;
}
