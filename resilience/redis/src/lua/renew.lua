local by, lease = ARGV[1], tonumber(ARGV[2])

if not is_held or owner ~= by then return {'lost'} end
local keep = number(35)
local renewed = entry(state, owner, now + lease * 1000, keep, string.sub(value, 43, HEADER))
local saved = save(renewed, 'PX', math.max(keep, lease))
if saved.err then return saved end
return {'renewed'}
