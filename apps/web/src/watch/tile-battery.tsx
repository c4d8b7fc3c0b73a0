import { Icon } from '../theme/icon.tsx';
import { type Battery, batteryIcon, batteryText } from '../vitals/battery.ts';
import { ageText } from '../vitals/number-text.ts';
import classes from './tile-battery.module.css';

/** The charge as a drawing, and as a number once it is low or old. */
export function TileBattery({ battery }: { readonly battery: Battery }) {
  const percent = `${Math.round(battery.percent)} %`;
  return (
    <span
      className={classes.battery}
      data-testid="battery"
      title={`Battery of ${battery.device}: ${percent}, ${ageText(battery.ageMs)}`}
    >
      <span className="visually-hidden">Battery {percent}</span>
      <span aria-hidden="true">{batteryText(battery)}</span>
      <Icon name={batteryIcon(battery.percent)} size={16} />
    </span>
  );
}
