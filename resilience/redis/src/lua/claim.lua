local nonce, fingerprint, takes_over = ARGV[1], ARGV[2], ARGV[5] == '1'
local has_replicas = ARGV[6] == '1'
local lease, keep = tonumber(ARGV[3]), tonumber(ARGV[4])

local function hold(state, fence)
    local owner = struct.pack('>I8', fence) .. nonce
    local held = entry(state, owner, now + lease * 1000, keep, fingerprint)
    local saved = save(held, 'PX', math.max(keep, lease))
    if saved.err then return saved end
    return {'first', fence, state == 'T' and 1 or 0}
end

if is_held or state == 'C' then
    local is_same_version = string.sub(value, 43, 43) == string.sub(fingerprint, 1, 1)
    local is_same = string.sub(value, 44, HEADER) == string.sub(fingerprint, 2)
    if is_same_version and not is_same then return {'reused'} end
end
if is_held and string.sub(owner, 9) == nonce then
    return hold(state, number(3))
end
if state == 'C' then
    if has_replicas then touch() end
    return {'completed', string.sub(value, HEADER + 1)}
end
if is_held then
    local left = number(27) - now
    if left > 0 then return {'running', left} end
    if not takes_over then return {'abandoned'} end
end
return hold(is_held and 'T' or 'H', math.max(value and number(3) + 1 or 0, now))
