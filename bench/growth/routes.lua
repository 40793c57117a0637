-- Requests with one token after the other, for one route after the other; the result as wrk.lua prints it.
-- Arguments: token file (one a line), index of the first, number of routes.
dofile((debug.getinfo(1, "S").source:gsub("^@", ""):gsub("growth/routes%.lua$", "wrk.lua")))

local tokens = {}
local next_request = 0
local routes = 1

function init(args)
  for line in io.lines(args[1]) do tokens[#tokens + 1] = line end
  next_request = tonumber(args[2])
  routes = tonumber(args[3])
end

function request()
  next_request = next_request + 1
  local fields = { Authorization = "Bearer " .. tokens[next_request % #tokens + 1] }
  -- All routes have their turn, not in the order of the file.
  return wrk.format("GET", "/orders/team-" .. (next_request * 7919 % routes) .. "/" .. next_request, fields)
end
